"""A town in the middle of its work, as the tests of the `agents` door need it: made by the domain's own moves."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gastown.domain.agent import Agent
from gastown.domain.bead import Bead
from gastown.domain.container import ContainerState
from gastown.domain.hooking import assign_bead, assign_review, dispatch
from gastown.domain.housing import accept_task, claim_container, register
from gastown.domain.ids import AgentId, Moment, RigId, TownId
from gastown.domain.reporting import Done, apply_done
from gastown.domain.review import Review
from gastown.domain.rig import Rig
from gastown.domain.slinging import Task, sling_bead
from gastown.domain.town import Town
from gastown.usecases.commit_plan import Loaded
from gastown.usecases.journal import Account
from gastown.usecases.tokens import AgentClaims, ContainerClaims
from gastown.usecases.unit_of_work import UnitOfWork
from tests.support.fakes.directory import MemoryDirectory
from tests.support.fakes.town_store import MemoryTownStore

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECRETS = ("a-signing-secret-that-is-long-enough-for-hs256", "the-one-before-it-that-is-still-accepted-here")
TOWN_ID, RIG_ID = TownId("01900000-0000-7000-8000-0000000town"), RigId("01900000-0000-7000-8000-00000000rig1")
SHA = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_numbers = itertools.count(1)


def a_moment(now: datetime = NOW) -> Moment:
    """A moment with ids that never come twice."""
    return Moment(now=now, ids=(f"01900000-0000-7000-8000-{number:012x}" for number in _numbers))


@dataclass(kw_only=True)
class AgentWorld:
    """A town with a ready container and one polecat at work on one bead."""

    town: Town
    polecat: Agent
    bead: Bead

    @property
    def polecat_claims(self) -> AgentClaims:
        """What the polecat's current token says."""
        return claims_of(self.town, self.polecat)

    @property
    def container_claims(self) -> ContainerClaims:
        """What the container's current token says."""
        return container_claims(self.town.container.generation)


def container_claims(generation: int) -> ContainerClaims:
    """What a container's token of this generation says."""
    return ContainerClaims(town_id=TOWN_ID, generation=generation, expires_at=NOW + timedelta(hours=8))


def claims_of(town: Town, agent: Agent, dispatch_number: int | None = None) -> AgentClaims:
    """What an agent's token says, of its current dispatch unless another one is named."""
    return AgentClaims(
        town_id=town.id,
        rig_id=agent.rig_id,
        agent_id=agent.id,
        role=agent.role.value,
        dispatch=agent.dispatch if dispatch_number is None else dispatch_number,
        expires_at=NOW + timedelta(hours=8),
    )


def a_town() -> Town:
    """A town with one rig and a container that is ready, generation 1."""
    town = Town(id=TOWN_ID, name="Testville", owner_user_id="user-1", created_at=NOW)
    town.rigs[RIG_ID] = Rig(
        id=RIG_ID,
        name="widgets",
        git_url="https://git.example.com/acme/widgets.git",
        default_branch="main",
        created_at=NOW,
    )
    town.config.refinery.gates = ["make test"]
    claim_container(town, a_moment())
    accept_task(town, 1, "arn:task/1", a_moment())
    register(town, 1, "instance-1", a_moment())
    assert town.container.state is ContainerState.READY
    return town


def an_agent_world() -> AgentWorld:
    """A polecat at work on one bead."""
    town = a_town()
    bead = sling_bead(town, RIG_ID, Task(title="Fix the widget", body="It squeaks."), "user-1", a_moment())
    assign_bead(town, bead.id, a_moment())
    polecat = next(iter(town.agents.values()))
    dispatch(town, polecat.id, a_moment())
    return AgentWorld(town=town, polecat=polecat, bead=bead)


def send_to_review(world: AgentWorld) -> tuple[Agent, Review]:
    """The polecat is done, and a refinery is at work on the review."""
    town = world.town
    done = Done(branch=world.polecat.run.branch if world.polecat.run else "", head_sha=SHA, summary="Oiled it.")
    apply_done(town, world.polecat.id, world.polecat.dispatch, done, a_moment())
    review = next(iter(town.reviews.values()))
    assign_review(town, review.id, a_moment())
    refinery = town.agents[AgentId(str(review.assignee))]
    dispatch(town, refinery.id, a_moment())
    return refinery, review


@dataclass(kw_only=True)
class Surroundings:
    """Clock, ids and wake queue of a test: time stands still until it is moved."""

    time: datetime = NOW
    wakes: list[str] = field(default_factory=list)
    ids: Iterator[str] = field(default_factory=lambda: a_moment().ids)

    def now(self) -> datetime:
        """The test's time."""
        return self.time

    def new(self) -> str:
        """The next id."""
        return next(self.ids)

    def wake(self, town_id: str, *, cause: str, dedup: str) -> None:
        """Remember why somebody woke the town."""
        self.wakes.append(cause)


@dataclass(kw_only=True)
class Desk:
    """A unit of work over a store in memory that holds one town."""

    work: UnitOfWork
    store: MemoryTownStore
    around: Surroundings

    def town(self) -> Town:
        """The town as it is stored now."""
        return self.work.load(TOWN_ID).town

    def inbox(self) -> list[tuple[str, dict[str, object]]]:
        """Kind and data of every town event that waits."""
        return [(event.kind.value, event.data) for event in self.town().inbox.values()]


def a_desk(town: Town) -> Desk:
    """Store a town as it is, texts included, and give the unit of work over it."""
    directory, around = MemoryDirectory(), Surroundings()
    store = MemoryTownStore(directory)
    store.add_table(TOWN_ID)
    work = UnitOfWork(
        store=store, directory=directory, wake_queue=around, clock=around, ids=around, sleep=lambda _: None
    )
    bare = Town(id=town.id, name=town.name, owner_user_id=town.owner_user_id, created_at=town.created_at)
    work.commit(Loaded(town=bare, items={}), town, Account(actor="test", cause="test"), now=NOW)
    return Desk(work=work, store=store, around=around)
