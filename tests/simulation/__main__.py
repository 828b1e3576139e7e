"""`python -m tests.simulation`: many worlds on all cores, with progress; and `mutants`, which shows that they bite."""

# ruff: noqa: T201 - a command line prints
import argparse
import gc
import logging
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.simulation.faults import FAULTS, Plan
from tests.simulation.mutants import MUTANTS
from tests.simulation.mutation import Hunt, hunt
from tests.simulation.people import DOINGS
from tests.simulation.run import Outcome, run
from tests.simulation.shrink import shrink, story

EVERY = 2.0
"""Seconds between two lines of progress."""

SHOWN = 3
"""Failures that are shrunk and told at length; the others are named."""


@dataclass(kw_only=True)
class Sum:
    """What all worlds together came to."""

    seeds: int = 0
    ticks: int = 0
    commits: int = 0
    landed: int = 0
    virtual_s: float = 0.0
    struck: Counter[str] = field(default_factory=Counter)
    failed: list[Outcome] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def add(self, outcome: Outcome) -> None:
        """One world more."""
        self.seeds += 1
        self.ticks += outcome.ticks
        self.commits += outcome.commits
        self.landed += outcome.landed
        self.virtual_s += outcome.virtual_s
        self.struck += outcome.struck
        if outcome.breach is not None:
            self.failed.append(outcome)

    def line(self) -> str:
        """The summary in one line."""
        faults = sum(many for kind, many in self.struck.items() if kind in FAULTS)
        deeds = sum(many for kind, many in self.struck.items() if kind in DOINGS)
        return (
            f"{self.seeds} seeds, {self.ticks} ticks, {self.commits} commits, {faults} faults, {deeds} people's deeds, "
            f"{self.landed} beads landed, {self.virtual_s / 86400:.1f} virtual days in "
            f"{time.monotonic() - self.began:.0f} s: {len(self.failed)} failures"
        )


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; 1 when a world fails or a mutant survives."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["worlds", "mutants"], default="worlds")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--without", default="", help="kinds of faults and deeds, with commas between them")
    parser.add_argument("--only", default=None, help="the only strokes that happen, as `kind#number`")
    parser.add_argument("--mutant", default=None, help="one mutant alone")
    asked = parser.parse_args(arguments)
    logging.disable(logging.WARNING)
    os.environ["POWERTOOLS_METRICS_DISABLED"] = "true"
    return mutants(asked.mutant) if asked.what == "mutants" else worlds(asked)


def worlds(asked: argparse.Namespace) -> int:
    """Run many worlds and tell how they went."""
    without = frozenset(kind.strip() for kind in asked.without.split(",") if kind.strip())
    if unknown := without - FAULTS.keys() - DOINGS.keys():
        print(f"no such kind: {', '.join(sorted(unknown))}; there are: {', '.join([*FAULTS, *DOINGS])}")
        return 2
    only = frozenset(mark.strip() for mark in asked.only.split(",") if mark.strip()) if asked.only else None
    plans = [Plan(seed=asked.first + n, without=without, only=only) for n in range(asked.seeds)]
    total, shown = Sum(), 0.0
    for outcome in _all(plans):
        total.add(outcome)
        if outcome.breach is not None:
            print(f"  seed {outcome.plan.seed} fails: {str(outcome.breach)[:300]}", flush=True)
        if time.monotonic() - shown > EVERY:
            shown = time.monotonic()
            print(f"  {total.seeds}/{len(plans)} worlds, {len(total.failed)} failures", flush=True)
    for failed in sorted(total.failed, key=lambda outcome: outcome.plan.seed)[:SHOWN]:
        print(story(failed, shrink(failed) if only is None else failed), end="\n\n")
    if total.failed:
        print("failing seeds:", ", ".join(f"{o.plan.seed} ({o.breach})" for o in total.failed[:50]))
    kinds = sorted(total.struck.items(), key=lambda kind: -kind[1])
    print("struck:", ", ".join(f"{kind} {many}" for kind, many in kinds))
    print(total.line())
    return 1 if total.failed else 0


def _all(plans: list[Plan]) -> Iterator[Outcome]:
    """All cores, in whatever order the worlds end."""
    if len(plans) == 1:
        yield run(plans[0])
        return
    gc.freeze()
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        yield from pool.imap_unordered(run_briefly, plans, chunksize=4)


def run_briefly(plan: Plan) -> Outcome:
    """One world; its history stays behind unless it fails."""
    outcome = run(plan)
    if outcome.breach is None:
        outcome.history, outcome.marks = [], []
    return outcome


def mutants(name: str | None) -> int:
    """Hunt each mutant until some seed fails; each in a process of its own."""
    chosen = [mutant for mutant in MUTANTS if name in (None, mutant.name)]
    began, survivors = time.monotonic(), []
    print(f"hunting {len(chosen)} mutants")
    with multiprocessing.get_context("fork").Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        for found in pool.imap(hunt, chosen, chunksize=1):
            print(_told(found), flush=True)
            survivors += [found.mutant] if found.number is None else []
    print(
        f"{len(chosen)} mutants, {len(chosen) - len(survivors)} caught, {len(survivors)} survive in "
        f"{time.monotonic() - began:.0f} s{': ' + ', '.join(survivors) if survivors else ''}"
    )
    return 1 if survivors or not chosen else 0


def _told(found: Hunt) -> str:
    if found.number is None:
        return f"  {found.mutant}: SURVIVES {found.seeds} seeds"
    return f"  {found.mutant}: seed {found.seed} -> {found.text[:150]} ({found.seeds} seeds)"


if __name__ == "__main__":
    sys.exit(main())
