"""One budget: its bound, what was measured, and whether it holds."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Budget:
    """`measured` and `bound` in `unit`; without a bound it is told for comparison only."""

    name: str
    measured: float
    unit: str
    bound: float | None = None
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether what was measured is not above the bound."""
        return self.bound is None or self.measured <= self.bound

    @property
    def verdict(self) -> str:
        """One word for a table."""
        return "" if self.bound is None else "ok" if self.holds else "OVER"


def spell(number: float) -> str:
    """A number as people read it: whole ones with thousands apart, others with three digits that count."""
    return f"{number:,.0f}" if number == round(number) or abs(number) >= 1000 else f"{number:.3g}"


def table(budgets: Sequence[Budget]) -> list[str]:
    """The budgets as lines of one table, each with its note."""
    rows = [("budget", "bound", "measured", "verdict", "")]
    for one in budgets:
        bound = "" if one.bound is None else spell(one.bound)
        rows.append((one.name, bound, f"{spell(one.measured)} {one.unit}".strip(), one.verdict, one.note))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]).rstrip()
        for row in rows
    ]
