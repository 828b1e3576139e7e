"""`make bench`: measure every budget of the design, print a table, and fail if one is over.

Words narrow it down to the parts that have one of them in their name: `python -m tests.bench mayor`.
"""

import sys
import time
from collections.abc import Callable, Iterable

from rich.console import Console

from tests.bench.budget import Budget, table
from tests.bench.code_figures import measuring
from tests.bench.convoy_figures import played
from tests.bench.deciding_figures import deciding
from tests.bench.door_figures import importing
from tests.bench.mayor_figures import waking
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
    ("a cold town's mayor on the local stack", waking),
    ("reading the code", measuring),
)


def main() -> int:
    """Measure part by part; 1 if a budget is over."""
    console, budgets, words = Console(stderr=True), list[Budget](), sys.argv[1:]
    parts = [part for part in PARTS if not words or any(word in part[0] for word in words)]
    for number, (what, measure) in enumerate(parts, 1):
        began = time.monotonic()
        console.print(f"[{number}/{len(parts)}] {what} ...", markup=False)
        budgets += measure()
        console.print(f"      {time.monotonic() - began:.0f} s", markup=False)
    sys.stdout.write("\n".join(table(budgets)) + "\n")
    over = [one.name for one in budgets if not one.holds]
    sys.stdout.write(f"{len(over)} over: {', '.join(over)}\n" if over else "all budgets hold\n")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
