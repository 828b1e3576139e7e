"""How long modules and functions are, by the same count as the house rules' test, which has the hard limits."""

from collections.abc import Iterator

from tests.bench.budget import Budget
from tests.unit.test_house_rules import (
    FUNCTION_LINES,
    LONG_FUNCTIONS,
    LONG_MODULES,
    MODULE_LINES,
    OURS,
    functions_in,
    length_of,
    named,
    size_of,
)


def measuring() -> Iterator[Budget]:
    """How many are longer, and the longest of them; longer needs a reason (design section 8)."""
    modules = {named(path): length_of(path) for path in OURS}
    functions = {named(path, function): size_of(function) for path in OURS for function in functions_in(path)}
    yield longer("modules", MODULE_LINES, modules, LONG_MODULES)
    yield longer("functions", FUNCTION_LINES, functions, LONG_FUNCTIONS)


def longer(what: str, limit: int, lengths: dict[str, int], share: float) -> Budget:
    """How many are above the limit, beside the share that may be."""
    above = sorted(((lines, name) for name, lines in lengths.items() if lines > limit), reverse=True)
    longest = ", ".join(f"{name.rpartition('gastown/')[2]} {lines}" for lines, name in above[:3])
    return Budget(
        name=f"{what} of more than {limit} lines",
        bound=int(share * len(lengths)),
        measured=len(above),
        unit=f"of {len(lengths):,}",
        note=longest,
    )
