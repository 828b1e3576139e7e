"""Small towns for tests: `a_town()` with what the test cares about, everything else by default."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from gastown.domain.agent import Agent, Role, Run
from gastown.domain.bead import Bead
from gastown.domain.container import AgentPulse, Container, ContainerState, Pulse
from gastown.domain.conversing import accept_session, ensure_mayor, start_session
from gastown.domain.convoy import Convoy, MergeMode
from gastown.domain.hooking import dispatch, hook
from gastown.domain.ids import AgentId, BeadId, Moment, RigId, TownId
from gastown.domain.limits import TICK_ROUNDS
from gastown.domain.mayor import Mayor
from gastown.domain.reporting import accept_start
from gastown.domain.review import Review
from gastown.domain.rig import Rig
from gastown.domain.town import Town
from gastown.reconciler.apply_action import apply_action
from gastown.reconciler.decide import decide

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
RIG = RigId("rig-1")


def new_ids() -> Iterator[str]:
    """Ids that read well in a failing test."""
    return (f"new-{n:08d}" for n in count(1))


def at(seconds: float = 0) -> Moment:
    """The moment so many seconds after NOW."""
    return Moment(now=NOW + timedelta(seconds=seconds), ids=new_ids())


_unused = count(1)


def fresh(seconds: float = 0) -> Moment:
    """As `at`, with ids that no other fresh moment gives: for towns that go through several."""
    return Moment(now=NOW + timedelta(seconds=seconds), ids=(f"id-{n:08d}" for n in _unused))


def a_town(**more: Any) -> Town:
    """A town with one rig and nothing else."""
    town = Town(id=TownId("town-1"), name="Town", owner_user_id="user-1", created_at=NOW, **more)
    town.rigs[RIG] = Rig(id=RIG, name="rig", git_url="/repo.git", default_branch="main", created_at=NOW)
    return town


def with_container(town: Town, *, heard: float = 0, generation: int = 1) -> Town:
    """The town with a ready container that was last heard so many seconds after NOW."""
    seen = NOW + timedelta(seconds=heard)
    town.container = Container(state=ContainerState.READY, generation=generation, registered_at=NOW)
    town.pulses = {generation: Pulse(generation=generation, at=seen)}
    return town


def a_bead(town: Town, name: str = "bead-1", **more: Any) -> Bead:
    """An open bead of the town's rig."""
    defaults: dict[str, Any] = {"title": name, "created_at": NOW, "updated_at": NOW}
    bead = Bead(id=BeadId(name), rig_id=RIG, **{**defaults, **more})
    town.beads[bead.id] = bead
    return bead


def a_convoy(town: Town, *beads: Bead, mode: MergeMode = MergeMode.REVIEW_THEN_LAND, **more: Any) -> Convoy:
    """A convoy of these beads."""
    convoy = Convoy(
        id=BeadId("convoy-1"),
        rig_id=RIG,
        title="Convoy",
        merge_mode=mode,
        feature_branch="convoy/convoy/convoy-1/head",
        created_at=NOW,
        updated_at=NOW,
        beads=[bead.id for bead in beads],
        **more,
    )
    for bead in beads:
        bead.convoy_id = convoy.id
    town.convoys[convoy.id] = convoy
    return convoy


def a_review(town: Town, source: Bead | None, name: str = "review-1", **more: Any) -> Review:
    """A queued review of a bead's work."""
    defaults: dict[str, Any] = {"branch": "b", "sha": "sha-1", "target_branch": "main", "base_branch": "main"}
    review = Review(
        id=BeadId(name),
        rig_id=RIG,
        title=name,
        created_at=NOW,
        updated_at=NOW,
        source_id=source.id if source else None,
        **{**defaults, **more},
    )
    town.reviews[review.id] = review
    return review


def an_agent(town: Town, name: str = "Toast", role: Role = Role.POLECAT) -> Agent:
    """An idle agent of the town's rig."""
    agent = Agent(id=AgentId(name.lower()), rig_id=RIG, role=role, name=name, identity=name, created_at=NOW)
    town.agents[agent.id] = agent
    return agent


def at_work(town: Town, agent: Agent, held: Bead | Review, seconds: float = 0) -> Run:
    """The agent dispatched on a bead or review, so many seconds after NOW."""
    hook(town, agent, held, at(seconds))
    return dispatch(town, agent.id, at(seconds))


def beat(town: Town, agent: Agent, seconds: float, **activity: object) -> None:
    """A heartbeat of the current container that names the agent's current run, and what it said of its activity."""
    seen = NOW + timedelta(seconds=seconds)
    pulse: dict[str, AgentPulse] = {agent.id: AgentPulse(dispatch=agent.dispatch, at=seen, activity=activity)}
    generation = town.container.generation
    town.pulses = {generation: Pulse(generation=generation, at=seen, agents=pulse)}


def started(town: Town, agent: Agent, held: Bead | Review, seconds: float = 0) -> Run:
    """The agent at work on something, and its container has said so."""
    run = at_work(town, agent, held, seconds)
    accept_start(town, agent.id, run.dispatch, fresh(seconds))
    town.commands.clear()
    return run


def settle(town: Town, seconds: float) -> list[str]:
    """Decide and apply until nothing is left to do at this time, as a tick does; the reasons."""
    told: list[str] = []
    for _ in range(TICK_ROUNDS):
        actions = decide(town, NOW + timedelta(seconds=seconds))
        if not actions:
            return told
        for action in actions:
            apply_action(town, action, fresh(seconds))
            told.append(f"{type(action).__name__}: {action.reason}")
    raise AssertionError(told)


def with_mayor(town: Town, *, seconds: float = 0, accepted: bool = True) -> Mayor:
    """The town's mayor in a session that began so many seconds after NOW, its first turn under way."""
    ensure_mayor(town, at(seconds))
    start_session(town, Moment(now=NOW + timedelta(seconds=seconds), ids=(f"session-{n}" for n in count(1))))
    if accepted and town.mayor is not None:
        accept_session(town, town.mayor.dispatch, at(seconds))
        town.commands.clear()
    if town.mayor is None:
        raise AssertionError("a mayor that was ensured is there")
    return town.mayor
