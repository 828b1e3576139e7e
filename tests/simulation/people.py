"""What people do to a town, as one table: at any moment, to whatever is there. Refusals are fine, surprises are not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gastown.domain.addresses import Hosts, parse_git_url
from gastown.domain.agent import Role
from gastown.domain.bead import HELD, Bead, BeadStatus
from gastown.domain.config import FailedBlockers
from gastown.domain.convoy import MergeMode
from gastown.domain.editing import BeadEdit
from gastown.domain.errors import Conflict
from gastown.domain.nudge import NudgeMode
from gastown.domain.pull import MergeStrategy, Repository
from gastown.domain.resolving import Answer
from gastown.domain.review import Review
from gastown.domain.slinging import ConvoyOrder, Task
from gastown.domain.stepping import StepOrder
from gastown.domain.town import Town
from gastown.domain.triage import TriageAction
from gastown.usecases import (
    adopting,
    beads,
    change_config,
    containers,
    convoys,
    deleting,
    escalations,
    mayors,
    messages,
    molecules,
    rigs,
    staff,
    triage,
)

if TYPE_CHECKING:
    import random

    from tests.simulation.world import World

BY = "user"
NOBODY = "nobody"

REQUEST_SETTINGS: tuple[dict[str, object], ...] = (
    {"merge_strategy": MergeStrategy.DIRECT},
    {"merge_strategy": MergeStrategy.PR},
    {"refinery": {"auto_merge": False}},
    {"refinery": {"auto_merge": True}},
    {"refinery": {"auto_merge_delay_minutes": 0}},
    {"refinery": {"auto_merge_delay_minutes": None}},
    {"refinery": {"auto_resolve_pr_feedback": False}},
    {"refinery": {"auto_resolve_merge_conflicts": False}},
)
"""Settings that only towns with pull requests have a use for."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """One who acts: in a world, on a town as it was read, with chance of their own."""

    world: "World"
    town: Town
    random: "random.Random"

    def any_of(self, things: Iterable[str]) -> str:
        """One of these, or of nothing."""
        return str(self.random.choice([*things, NOBODY]))

    @property
    def rig(self) -> str:
        """One of the rigs."""
        return self.any_of(self.town.rigs)

    @property
    def bead(self) -> tuple[str, str, str]:
        """Where one bead is: live, under review, or failed."""
        failed = [i for i, body in self.world.watch.facts.finals.items() if body["entity"].get("status") == "failed"]
        bead = self.any_of([*self.town.beads, *self.town.reviews, *failed[-5:]])
        works: list[Bead | Review] = [*self.town.beads.values(), *self.town.reviews.values()]
        live = next((work for work in works if work.id == bead), None)
        known = self.world.watch.facts.finals.get(bead)
        rig = live.rig_id if live else known["entity"]["rig_id"] if known else self.rig
        return self.world.town_id, str(rig), bead

    @property
    def uses_requests(self) -> bool:
        """Whether the town's rigs are at a provider of pull requests."""
        return any(rig.git_url == self.world.provider.git_url for rig in self.town.rigs.values())

    @property
    def convoy(self) -> str:
        """One of the live convoys."""
        return self.any_of(self.town.convoys)

    @property
    def desk(self) -> staff.Desk:
        """Whose agents are meant."""
        return staff.Desk(town_id=self.world.town_id, rig_id=self.rig, by=BY)

    @property
    def shelf(self) -> deleting.Shelf:
        """Whose beads are meant."""
        return deleting.Shelf(town_id=self.world.town_id, rig_id=self.rig, by=BY)


Deed = Callable[[Person], object]


@dataclass(frozen=True, kw_only=True)
class Doing:
    """One kind of intervention; `weight` says how often it is chosen among all."""

    weight: float
    do: Deed


def sling_convoy(p: Person) -> object:
    """A convoy over a random graph, sometimes staged."""
    size = p.random.choice([1, 2, 2, 3, 4])
    tasks = tuple(
        Task(
            title=f"task {n} of {p.world.new()[-4:]}", depends_on=tuple(i for i in range(n) if p.random.random() < 0.4)
        )
        for n in range(size)
    )
    order = ConvoyOrder(
        rig_id=p.random.choice([*p.town.rigs] or [NOBODY]), title="Sim convoy", tasks=tasks, by=BY,
        merge_mode=p.random.choice(list(MergeMode)), staged=p.random.random() < p.world.staged,
    )  # fmt: skip
    return convoys.sling(p.world.uow, p.world.town_id, order, None, lambda _t, c: {"id": c.id})


def sling_bead(p: Person) -> object:
    """A bead of its own, sometimes held."""
    order = beads.BeadOrder(town_id=p.world.town_id, rig_id=p.rig, by=BY, held=p.random.random() < 0.2)
    return beads.sling(p.world.uow, order, {"title": f"bead {p.world.new()[-4:]}"}, None, lambda _: {})


def edit(p: Person) -> object:
    """Other blockers."""
    wanted: BeadEdit = {"depends_on": p.random.sample([str(b) for b in p.town.beads], k=min(2, len(p.town.beads)))}
    return beads.edit(p.world.uow, p.bead, wanted, BY)


def hold(p: Person) -> object:
    """Hold a bead, or let it go."""
    return beads.edit(p.world.uow, p.bead, {"labels": p.random.choice([[], [HELD]])}, BY)


def change_settings(p: Person) -> object:
    """Settings of the town, in flight."""
    what: dict[str, object] = p.random.choice([
        *(REQUEST_SETTINGS if p.uses_requests else ()),
        {"failed_blockers": FailedBlockers.RELEASE}, {"failed_blockers": FailedBlockers.BLOCK},
        {"max_polecats_per_rig": p.random.choice([1, 2, 8])},
        {"refinery": {"code_review": p.random.random() < 0.7}}, {"refinery": {"gates": ["test"]}},
        {"auto_triage": p.random.random() < 0.5},
        {"convoy_merge_mode": p.random.choice(list(MergeMode))}, {"default_model": p.random.choice(["a", "b"])},
    ])  # fmt: skip
    return change_config.change_config(p.world.uow, p.world.town_id, what, BY)


def adopt(p: Person) -> object:
    """Have the town look after somebody else's request."""
    provider, uow = p.world.provider, p.world.uow
    branch = f"person/{p.world.new()[-4:]}"
    p.world.git.push(branch)
    rig = p.town.rig(p.rig)
    repository = parse_git_url(rig.git_url, Hosts())
    if not isinstance(repository, Repository):
        raise Conflict("The rig is at no provider")
    url = provider.make_request(repository, branch, rig.default_branch).ref.url
    providers = adopting.Providers(uow=uow, hosts=p.world.outside.hosts, vault=p.world.outside.vault)
    order = adopting.AdoptOrder(town_id=p.world.town_id, rig_id=rig.id, pr_url=url)
    return adopting.adopt(providers, order, BY, None, lambda review, _: {"id": review.id})


def tokens(p: Person) -> None:
    """Take the provider's tokens away, and give them back a little later."""
    p.world.take_tokens()
    p.world.after(p.random.uniform(20, 600), "person: gives tokens", p.world.give_tokens)


def override(p: Person) -> object:
    """Overrides of one rig, in flight."""
    what: dict[str, object] = p.random.choice([
        {"max_dispatch_attempts": p.random.choice([1, 2, 5])}, {"max_concurrent_polecats": p.random.choice([1, 2])},
        {"code_review": p.random.choice([True, False, None])},
    ])  # fmt: skip
    return rigs.change_rig(p.world.uow, p.world.town_id, p.rig, what, BY)


def console(p: Person) -> None:
    """Stop a convoy's execution in the console."""
    running = [e.arn for e in p.world.workflows.executions.values() if e.status == "RUNNING"]
    if running:
        p.world.workflows.stop(p.random.choice(running), "by hand")


def agents(p: Person) -> object:
    """Reset, delete or make agents."""
    agent, uow = p.any_of(p.town.agents), p.world.uow
    match p.random.randrange(4):
        case 0:
            return staff.reset(uow, p.desk, agent)
        case 1:
            staff.delete(uow, p.desk, agent)
            return None
        case 2:
            return staff.reset_starts(uow, p.desk, agent)
        case _:
            return staff.get_or_create(uow, p.desk, p.random.choice([Role.POLECAT, Role.REFINERY]))


def mayor(p: Person) -> object:
    """Speak to the mayor, have it warm, or send it away."""
    uow, town_id = p.world.uow, p.world.town_id
    match p.random.randrange(6):
        case 0:
            return mayors.ensure(uow, town_id, BY)
        case 1:
            mayors.dismiss(uow, town_id, BY)
            return None
        case _:
            more = partial(mayors.message, uow, town_id, "And now?", BY)
            for _ in range(p.random.choice([1, 2, 6])):
                p.world.after(p.random.uniform(3, 300), "person: mayor again", more)
            return mayors.message(uow, town_id, "What is going on?", BY)


def answer_triage(p: Person) -> object:
    """Answer a triage request in one's own way."""
    answer = Answer(action=p.random.choice(list(TriageAction)), by=BY, notes="so be it")
    return triage.resolve_as_person(
        p.world.uow, p.world.town_id, p.any_of(p.town.triage), answer, key=None, stored=lambda _: {}
    )


def write(p: Person) -> object:
    """A nudge or a letter to an agent."""
    uow, town_id, agent = p.world.uow, p.world.town_id, p.any_of(p.town.agents)
    if p.random.random() < 0.5:
        letter = messages.Letter(recipient=agent, subject="News", body="Please note")
        return messages.mail(uow, town_id, letter, BY)
    order = messages.NudgeOrder(agent_id=agent, message="Hello", mode=p.random.choice(list(NudgeMode)), ttl_seconds=600)
    return messages.nudge(uow, town_id, order, BY)


DOINGS = {
    "sling convoy": Doing(weight=1, do=sling_convoy),
    "sling bead": Doing(weight=2, do=sling_bead),
    "edit blockers": Doing(weight=1, do=edit),
    "hold or release": Doing(weight=2, do=hold),
    "start held": Doing(weight=1, do=lambda p: beads.start_held(p.world.uow, p.bead, BY)),
    "reset bead": Doing(weight=1, do=lambda p: beads.reset(p.world.uow, p.bead, BY)),
    "close bead": Doing(weight=2, do=lambda p: beads.end(p.world.uow, p.bead, p.random.choice(
        [None, BeadStatus.CLOSED, BeadStatus.FAILED]), BY)),
    "retry bead": Doing(weight=3, do=lambda p: beads.retry(p.world.uow, p.bead, BY, None, lambda b: {"id": b.id})),
    "reassign bead": Doing(weight=1, do=lambda p: beads.reassign(p.world.uow, p.bead, p.any_of(p.town.agents), BY)),
    "delete bead": Doing(weight=1, do=lambda p: deleting.delete_one(p.world.uow, p.shelf, p.bead[2])),
    "delete beads": Doing(weight=0.5, do=lambda p: deleting.delete_many(p.world.uow, p.shelf, [p.bead[2], NOBODY])),
    "delete by status": Doing(weight=0.5, do=lambda p: deleting.delete_by_status(
        p.world.uow, p.shelf, p.random.choice([BeadStatus.FAILED, BeadStatus.CLOSED, BeadStatus.IN_REVIEW]))),
    "agents": Doing(weight=1, do=agents),
    "start convoy": Doing(weight=3, do=lambda p: convoys.start(p.world.uow, p.world.town_id, p.convoy, BY)),
    "close convoy": Doing(weight=0.5, do=lambda p: convoys.close(p.world.uow, p.world.town_id, p.convoy, BY)),
    "stop in the console": Doing(weight=1, do=console),
    "add to convoy": Doing(weight=2, do=lambda p: convoys.add_bead(
        p.world.uow, p.world.town_id, p.convoy, p.bead[2], None, BY)),
    "take out of convoy": Doing(weight=1, do=lambda p: convoys.remove_bead(
        p.world.uow, p.world.town_id, p.convoy, p.bead[2], BY)),
    "update convoy": Doing(weight=1, do=lambda p: convoys.update(
        p.world.uow, p.world.town_id, p.convoy, (p.random.choice([None, *MergeMode]), f"b/{p.world.new()}/head"), BY)),
    "steps": Doing(weight=0.5, do=lambda p: molecules.create(
        p.world.uow, p.bead, [StepOrder(title="One", instructions="Do it")], BY)),
    "acknowledge": Doing(weight=2, do=lambda p: escalations.acknowledge(
        p.world.uow, p.world.town_id, p.any_of(p.town.escalations), BY)),
    "adopt": Doing(weight=1, do=adopt),
    "tokens": Doing(weight=0.5, do=tokens),
    "settings": Doing(weight=2, do=change_settings),
    "overrides": Doing(weight=1, do=override),
    "mayor": Doing(weight=3, do=mayor),
    "triage": Doing(weight=1, do=answer_triage),
    "messages": Doing(weight=1, do=write),
    "drain": Doing(weight=1, do=lambda p: containers.stop_gracefully(p.world.uow, p.world.town_id, BY)),
    "remove rig": Doing(weight=0.1, do=lambda p: rigs.remove_rig(p.world.uow, p.world.town_id, p.rig, BY)),
    "delete town": Doing(weight=0.05, do=lambda p: p.world.delete_town()),
}  # fmt: skip
"""Every intervention there is; a new one is one entry."""
