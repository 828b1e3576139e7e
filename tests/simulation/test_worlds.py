"""Whatever happens outside, and whatever people do, a town keeps its invariants and comes to rest."""

import gc
import os
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.simulation.faults import FAULTS, Plan
from tests.simulation.git_host import FAILURES
from tests.simulation.mutants import MUTANTS
from tests.simulation.mutation import Mutant, compiled
from tests.simulation.people import DOINGS
from tests.simulation.provider import LASTING, PASSING
from tests.simulation.run import Outcome, live, make_world, run
from tests.simulation.shrink import shrink, story
from tests.simulation.storage import KINDS

SEEDS = int(os.environ.get("SEEDS") or "200")
FROM = int(os.environ.get("FROM") or "0")


@pytest.fixture(scope="module", autouse=True)
def _young_objects_only() -> None:
    """What was imported lives for ever; not walking over it again and again saves a tenth of the time."""
    gc.freeze()


@pytest.mark.parametrize("seed", range(FROM, FROM + SEEDS))
def test_a_town_keeps_its_invariants_and_comes_to_rest(seed: int) -> None:
    """After each commit the fifteen hold; when trouble is over, whatever is left waits for a named person."""
    outcome = run(Plan(seed=seed))

    assert outcome.breach is None, story(outcome, shrink(outcome))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mutant_fits_the_house(mutant: Mutant) -> None:
    """A change of the house that moves the words of a mutant is noticed at once; `make simulate-mutants` runs them."""
    assert all(compiled(cut) is not cut.function.__code__ for cut in mutant.cuts)


def test_a_seed_tells_the_same_story_twice() -> None:
    """Time, ids and chance follow from the seed alone."""
    first, second = run(Plan(seed=3)), run(Plan(seed=3))

    assert (first.history, first.marks) == (second.history, second.marks)
    assert first.struck.total() > 0


def test_a_kind_that_is_left_out_never_strikes() -> None:
    """Of faults as well as of people's deeds."""
    whole = run(Plan(seed=3))
    kind = next(iter(whole.struck))
    outcome = run(Plan(seed=3, without=frozenset({kind})))

    assert whole.struck[kind] > 0
    assert outcome.struck[kind] == 0


def test_only_the_named_strokes_happen() -> None:
    """A shrunk history replays from its marks."""
    whole = run(Plan(seed=3))
    deeds = frozenset(mark for mark in whole.marks if mark.rpartition("#")[0] == "sling convoy")
    outcome = run(Plan(seed=3, only=deeds))

    assert deeds == frozenset(outcome.marks)


def test_every_kind_of_fault_can_strike_somewhere() -> None:
    """A kind that no place asks for tests nothing, and a place cannot ask for an unknown one."""
    here = [path.read_text() for path in Path(__file__).parent.glob("*.py") if path.name != "faults.py"]
    asked = {kind for text in here for kind in re.findall(r'(?:strikes\(|is_fated\(.*?, )"([^"]+)"', text)}

    assert FAULTS.keys() == asked | {*KINDS.values()} | FAILURES.keys() | LASTING.keys() | PASSING.keys()


def _stormy(seed: int) -> Outcome:
    return run(Plan(seed=seed * 5 + 2))


def test_a_failure_is_shrunk_to_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the world is made to complain about, the strokes that have nothing to do with it go."""
    from tests.simulation import run as running

    def complain(world: object) -> list[str]:
        lost = any("! wake lost" in line for line in world.history)  # type: ignore[attr-defined]
        return ["a wake was lost"] if lost else []

    monkeypatch.setattr(running, "check_end", complain)
    failed = next(outcome for outcome in map(_stormy, range(1, 60)) if outcome.breach is not None)
    smallest = shrink(failed, runs=20)

    assert smallest.number == failed.number == 16
    assert "wake lost" in {mark.rpartition("#")[0] for mark in smallest.marks}
    assert len(smallest.marks) < len(failed.marks) / 2
    assert "replay: make simulate SEEDS=1 FROM=" in story(failed, smallest)
    assert run(replace(smallest.plan)).history == smallest.history


def test_what_comes_back_has_counted_something() -> None:
    """The watch for loops sees loops: work, containers, the mayor and triage come back, each time further on."""
    turns: Counter[str] = Counter()
    for seed in (2, 3, 7, 8, 12, 18):
        world = make_world(Plan(seed=seed))
        live(world)
        turns += world.watch.measures.turns

    assert {"bead", "review", "container", "mayor", "triage"} <= {turn.split()[0] for turn in turns}


def test_a_calm_world_ends_without_waste() -> None:
    """Without faults and people nothing of a landed convoy is left in the working set."""
    world = make_world(Plan(seed=5))
    while not world.is_over:
        world.step()
    town = world.uow.read(world.town_id)

    assert ({}, {}, {}, {}, {}) == (town.convoys, town.beads, town.reviews, town.escalations, town.stubs)
    assert world.landed > 0
    assert not set(world.luck.struck) - set(DOINGS)
