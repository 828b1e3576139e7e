"""From a failing world to the fewest strokes and deeds that still fail in the same way."""

from dataclasses import replace

from tests.simulation.faults import Plan
from tests.simulation.run import Outcome, run

RUNS = 150
"""Worlds that one shrinking may run."""


def shrink(failed: Outcome, runs: int = RUNS) -> Outcome:
    """Leave out whole kinds, then halves, then single strokes, as long as the same invariant breaks."""
    best, left = failed, runs
    kinds = list(dict.fromkeys(mark.rpartition("#")[0] for mark in failed.marks))
    for kind in kinds:
        best, left = _try(best, failed.plan, [m for m in best.marks if m.rpartition("#")[0] != kind], left)
    size = len(best.marks) // 2
    while size >= 1:
        start = 0
        while start < len(best.marks) and left > 0:
            before = len(best.marks)
            best, left = _try(best, failed.plan, best.marks[:start] + best.marks[start + size :], left)
            start += 0 if len(best.marks) < before else size
        size //= 2
    return best


def _try(best: Outcome, plan: Plan, marks: list[str], left: int) -> tuple[Outcome, int]:
    if left <= 0 or len(marks) == len(best.marks):
        return best, left
    again = run(replace(plan, only=frozenset(marks)))
    smaller = again.number == best.number and len(again.marks) < len(best.marks)
    return (again if smaller else best), left - 1


def replay_command(outcome: Outcome) -> str:
    """What to type to see this very world again."""
    only = "" if outcome.plan.only is None else f" ONLY='{','.join(sorted(outcome.marks))}'"
    return f"make simulate SEEDS=1 FROM={outcome.plan.seed}{only}"


def story(failed: Outcome, smallest: Outcome, lines: int = 80) -> str:
    """What a person reads of a failure: the seed, what broke, the history that is left, and how to see it again."""
    shown = smallest.history[-lines:]
    left_out = len(smallest.history) - len(shown)
    head = [f"seed {failed.plan.seed}: {failed.breach}"]
    head.append(f"shrunk from {len(failed.marks)} strokes and deeds to {len(smallest.marks)}; time in seconds:")
    head += [f"  ... {left_out} lines before"] if left_out else []
    return "\n".join([*head, *(f"  {line}" for line in shown), f"replay: {replay_command(smallest)}"])
