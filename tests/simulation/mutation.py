"""Taking one fix out of the house, and hunting for a seed that notices."""

import gc
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Any

from gastown.reconciler import decide as decider
from gastown.reconciler import rules
from tests.simulation.faults import Plan
from tests.simulation.run import run

BUDGET = 250
"""Seeds that one mutant may survive before the hunt is given up."""


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A change of a few words in one function of the house; it has to fit, or the mutant is out of date."""

    function: Callable[..., Any]
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One fix taken out; `bug` says which one. `together` moves one rule into another's stage, behind it."""

    name: str
    bug: str
    cuts: tuple[Cut, ...]
    seed: int | None = None
    """Where it was found last; looked at first, so that the whole hunt is short."""
    together: tuple[Callable[..., Any], Callable[..., Any]] | None = None


@dataclass(frozen=True, kw_only=True)
class Hunt:
    """How a hunt ended: the first seed that failed and its invariant, or none after so many seeds."""

    mutant: str
    seeds: int
    seed: int | None = None
    number: int | None = None
    text: str = ""


def make(mutant: Mutant) -> None:
    """Change this process for good."""
    for cut in mutant.cuts:
        make_cut(cut)
    if mutant.together is not None:
        moved, behind = mutant.together
        stages = [tuple(rule for rule in stage if rule is not moved) for stage in rules.STAGES]
        together = tuple((*stage, moved) if behind in stage else stage for stage in stages)
        for module in (rules, decider):
            vars(module)["STAGES"] = together


def make_cut(cut: Cut) -> None:
    """Put other words into a function. Raises `LookupError` when the old ones are not there."""
    cut.function.__code__ = compiled(cut)


def compiled(cut: Cut) -> CodeType:
    """The function with other words in it. Raises `LookupError` when the old ones are not there."""
    source = textwrap.dedent(inspect.getsource(cut.function))
    if source.count(cut.old) != 1:
        raise LookupError(f"{cut.function.__qualname__} has {source.count(cut.old)} times {cut.old!r}")
    source = source.replace("@staticmethod\n", "")
    made: dict[str, Any] = {}
    place = inspect.getfile(cut.function)
    exec(compile(source.replace(cut.old, cut.new), place, "exec"), cut.function.__globals__, made)  # noqa: S102
    code: CodeType = made[cut.function.__name__].__code__
    return code


def hunt(mutant: Mutant) -> Hunt:
    """Make the mutant in this process and run worlds until one fails."""
    gc.freeze()
    make(mutant)
    seeds = [*([] if mutant.seed is None else [mutant.seed]), *range(BUDGET)]
    for tried, seed in enumerate(seeds, 1):
        outcome = run(Plan(seed=seed))
        if outcome.breach is not None:
            text = str(outcome.breach).split("\n", maxsplit=1)[0]
            return Hunt(mutant=mutant.name, seeds=tried, seed=seed, number=outcome.number, text=text)
    return Hunt(mutant=mutant.name, seeds=BUDGET)
