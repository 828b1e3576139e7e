"""One world from its beginning to its end: work and trouble for a while, then peace, and what has to be true then."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from gastown.domain.errors import GastownError, NotFound, Unavailable
from gastown.domain.pull import MergeStrategy
from gastown.usecases.change_config import change_config
from gastown.usecases.rigs import RigOrder, add_rig, change_rig
from tests.simulation.ending import check_end
from tests.simulation.faults import Plan
from tests.simulation.people import DOINGS, Person
from tests.simulation.watch import Breach
from tests.simulation.world import START, World

if TYPE_CHECKING:
    import random

STEPS = 12_000
"""A world of so many steps goes round in circles."""

PEACE = timedelta(days=9)
"""Virtual time after the trouble within which everything has to end; letters expire after seven days."""


@dataclass(frozen=True, kw_only=True)
class Temper:
    """What kind of world a seed makes."""

    has_faults: bool
    people: int
    """How many interventions, beside the work that is slung."""
    rigs: int
    slings: int
    trouble_s: float
    staged: float
    by_requests: str
    """Whose work goes through pull requests: nobody's, the whole town's, or the first rig's."""


def temper_of(plan: Plan, chance: "random.Random") -> Temper:
    """Every fifth world is calm, every fifth has faults and no people; the others have both."""
    calm, lonely = plan.seed % 5 == 0, plan.seed % 5 == 1
    return Temper(
        has_faults=not calm,
        people=0 if calm or lonely else chance.choice([2, 4, 8, 16]),
        rigs=chance.choice([1, 1, 1, 2, 3]),
        slings=chance.choice([1, 1, 1, 2]),
        trouble_s=chance.choice([300, 900, 1200, 1800]),
        staged=0.0 if calm or lonely else 0.2,
        by_requests=chance.choice(["nobody", "nobody", "town", "rig"]),
    )


@dataclass(kw_only=True)
class Outcome:
    """How one world ended."""

    plan: Plan
    breach: Breach | None = None
    history: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    ticks: int = 0
    commits: int = 0
    landed: int = 0
    virtual_s: float = 0.0

    @property
    def number(self) -> int | None:
        """Which invariant was broken, if one was."""
        return self.breach.number if self.breach else None


def run(plan: Plan) -> Outcome:
    """Run one world; a breach ends it and is part of the outcome."""
    world = make_world(plan)
    outcome = Outcome(plan=plan)
    try:
        outcome.steps = live(world)
    except Breach as breach:
        outcome.breach = breach
        world.tell(str(breach))
    outcome.history, outcome.marks, outcome.struck = world.history, world.luck.marks, world.luck.struck
    outcome.ticks, outcome.commits, outcome.landed = world.ticks, world.commits, world.landed
    outcome.virtual_s = (world.time - START).total_seconds()
    return outcome


def make_world(plan: Plan) -> World:
    """A town with its rigs, and everything that people will do to it in the heap."""
    world = World(plan, trouble=False)
    temper = temper_of(plan, world.luck.stream("temper"))
    world.staged = temper.staged
    url = "https://git.example/repo.git" if temper.by_requests == "nobody" else world.provider.git_url
    for number in range(temper.rigs):
        order = RigOrder(
            town_id=world.town_id, name=f"rig {number}", git_url=url, default_branch="main", owner="user",
            allow_local=False,
        )  # fmt: skip
        rig = add_rig(world.uow, order)
        if temper.by_requests == "rig" and number == 0:
            change_rig(world.uow, world.town_id, rig.id, {"merge_strategy": "pr"}, "user")
    if temper.by_requests == "town":
        change_config(world.uow, world.town_id, {"merge_strategy": MergeStrategy.PR}, "user")
    world.give_tokens()
    world.luck.trouble = world.luck.troubled = temper.has_faults
    for seconds, kind, number in deeds(temper, world.luck.stream("people")):
        world.after(seconds, f"person: {kind}", partial(act, world, kind, number))
    world.after(temper.trouble_s, "peace", world.make_peace)
    return world


def deeds(temper: Temper, chance: "random.Random") -> Iterator[tuple[float, str, int]]:
    """When people do what; the number tells one deed from another of its kind."""
    numbers: Counter[str] = Counter()
    kinds, weights = list(DOINGS), [doing.weight for doing in DOINGS.values()]
    slings = [(n * 200 * chance.random(), "sling convoy") for n in range(temper.slings)]
    others = [
        (temper.trouble_s * chance.random() ** 1.5, chance.choices(kinds, weights)[0]) for _ in range(temper.people)
    ]
    for seconds, kind in [*slings, *others]:
        numbers[kind] += 1
        yield seconds, kind, numbers[kind]


def act(world: World, kind: str, number: int) -> None:
    """One deed of a person; what the town refuses is told, and absent storage is tried again."""
    if not world.plan.allows(kind, number):
        return
    world.luck.note(kind, number)
    done = world.watch.facts.deeds
    done.clear()
    try:
        town = world.uow.read(world.town_id)
        DOINGS[kind].do(Person(world=world, town=town, random=world.luck.stream(f"{kind}#{number}")))
    except Unavailable as away:
        world.tell(f"{kind}: {away}")
    except (GastownError, NotFound) as refusal:
        world.tell(f"{kind}: refused: {refusal}")
    if twice := [cause for cause, many in done.items() if many > 1]:
        raise Breach(15, f"one deed was committed twice: {twice}")


def live(world: World) -> int:
    """Let everything happen until nothing is left to; how many steps that took. Raises `Breach`."""
    steps = 0
    while not world.is_over:
        world.step()
        steps += 1
        if steps > STEPS:
            raise Breach(16, f"the world is not at rest after {steps} steps")
        if world.time - START > PEACE:
            break
    for text in check_end(world):
        raise Breach(16, text)
    return steps
