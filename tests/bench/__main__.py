"""`make bench`: measure every budget of the design, print a table, and fail if one is over."""

import sys
import time
from collections.abc import Callable, Iterable

from rich.console import Console

from tests.bench.budget import Budget, table
from tests.bench.code_figures import measuring
from tests.bench.convoy_figures import played
from tests.bench.deciding_figures import deciding
from tests.bench.door_figures import importing
from tests.bench.provider_figures import asking
from tests.bench.stack_figures import reacting
from tests.bench.table_figures import ticking

PARTS: tuple[tuple[str, Callable[[], Iterable[Budget]]], ...] = (
    ("deciding", deciding),
    ("a standard convoy in virtual time, twice", played),
    ("importing each door ten times", importing),
    ("a quiet hour of a pull request, at each provider", asking),
    ("a tick beside 100,000 finished beads, on the emulator", ticking),
    ("a chain of beads on the local stack", reacting),
    ("reading the code", measuring),
)


def main() -> int:
    """Measure part by part; 1 if a budget is over."""
    console, budgets = Console(stderr=True), list[Budget]()
    for number, (what, measure) in enumerate(PARTS, 1):
        began = time.monotonic()
        console.print(f"[{number}/{len(PARTS)}] {what} ...", markup=False)
        budgets += measure()
        console.print(f"      {time.monotonic() - began:.0f} s", markup=False)
    sys.stdout.write("\n".join(table(budgets)) + "\n")
    over = [one.name for one in budgets if not one.holds]
    sys.stdout.write(f"{len(over)} over: {', '.join(over)}\n" if over else "all budgets hold\n")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
