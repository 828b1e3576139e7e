"""Agents: finding them, and the little that they may change themselves beside the reports of their run.

Every write names the run by its dispatch number; an older number gets `StaleDispatch` and changes nothing.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gastown.domain.agent import Agent, Role, Run, RunEnd
from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.ending import end_bead, lose_run
from gastown.domain.ending import unhook as take_off
from gastown.domain.errors import Conflict, Forbidden, Invalid, NotFound, StaleDispatch, Unavailable
from gastown.domain.escalating import Plea, route_escalation
from gastown.domain.escalation import Escalation, Severity
from gastown.domain.hooking import hook as put_on
from gastown.domain.ids import Moment
from gastown.domain.limits import MAX_BODY_BYTES, MAX_METADATA_BYTES, MAX_TITLE
from gastown.domain.mayor import Mayor
from gastown.domain.reporting import check_dispatch
from gastown.domain.town import Town
from gastown.usecases.tokens import AgentClaims
from gastown.usecases.unit_of_work import UnitOfWork

T = TypeVar("T")

OK, CREATED, CREATES = 200, 201, frozenset({"request_changes"})
"""With which status a move was answered: its replay is answered with the same."""


def list_agents(work: UnitOfWork, town_id: str, rig_id: str) -> tuple[Town, list[Agent]]:
    """The agents of a rig, oldest first, with their town. Raises `NotFound`."""
    town = work.read(town_id)
    rig = town.rig(rig_id)
    agents = [agent for agent in town.agents.values() if agent.rig_id == rig.id]
    return town, sorted(agents, key=lambda agent: (agent.created_at, agent.id))


def get_agent(work: UnitOfWork, town_id: str, rig_id: str, agent_id: str) -> tuple[Town, Agent]:
    """One agent of a rig, with its town. Raises `NotFound`, also for an agent of another rig."""
    town = work.read(town_id)
    return town, agent_of(town, rig_id, agent_id)


def agent_of(town: Town, rig_id: str, agent_id: str) -> Agent:
    """The agent, if it belongs to the rig; raises `NotFound`."""
    agent = town.agent(agent_id)
    if agent.rig_id != rig_id:
        raise NotFound(f"Agent {agent_id} not found")
    return agent


def current_run(town: Town, agent_id: str, dispatch: int) -> Run:
    """The open run of this number, as an eventual read sees it. Raises `StaleDispatch`, `Conflict`, `Unavailable`."""
    agent = town.agent(agent_id)
    if dispatch > agent.dispatch:
        raise Unavailable("This run is not visible yet", retry_after=1)
    run = check_dispatch(agent, dispatch)
    if not run.is_open:
        raise Conflict(f"Run {dispatch} of {agent.name} has ended: {run.ended}")
    return run


def hook_bead(work: UnitOfWork, claims: AgentClaims, bead_id: str, key: str | None) -> dict[str, Any]:
    """Put an idle agent on a ready bead of its rig. Raises `NotFound`, `Conflict`, `Forbidden`, `StaleDispatch`."""
    if claims.role == Role.REFINERY:
        raise Forbidden("A refinery takes its reviews in their order")

    def move(town: Town, moment: Moment) -> None:
        agent, bead = speaker(town, claims), town.bead(bead_id)
        if bead.rig_id != agent.rig_id:
            raise NotFound(f"Bead {bead_id} not found")
        if not town.is_ready(bead):
            raise Conflict(f"Bead {bead_id} is not ready")
        put_on(town, agent, bead, moment)

    return change(work, claims, move, cause="hook", key=key, answer=lambda _: {"hooked": True})


def unhook_bead(work: UnitOfWork, claims: AgentClaims, key: str | None) -> dict[str, Any]:
    """Let an agent go of what it is on; open work goes back to its queue. Raises `StaleDispatch`."""

    def move(town: Town, moment: Moment) -> None:
        agent = speaker(town, claims)
        if agent.open_run:
            lose_run(town, agent, RunEnd.RELEASED, moment, reason="the agent let go of it")
        else:
            take_off(town, agent, moment)

    return change(work, claims, move, cause="unhook", key=key, answer=lambda _: {"unhooked": True})


Stored = Callable[[T], dict[str, Any]]
"""What is kept as the answer to an idempotency key: `{"status", "data"}` as the caller was answered."""


def close_bead(
    work: UnitOfWork, claims: AgentClaims, bead_id: str, *, key: str | None = None, stored: Stored[Bead] | None = None
) -> Bead:
    """Close a bead that the agent works on or created. Raises `NotFound`, `Forbidden`, `Conflict`, `StaleDispatch`."""

    def move(town: Town, moment: Moment) -> Bead:
        agent, bead = speaker(town, claims), town.bead(bead_id)
        if bead.rig_id != agent.rig_id:
            raise NotFound(f"Bead {bead_id} not found")
        if agent.hook != bead.id and bead.created_by != actor(claims):
            raise Forbidden("An agent closes only what it works on or created")
        end_bead(town, bead, BeadStatus.CLOSED, "agent", moment)
        return bead

    cause = "bead_closed"
    own = own_key(claims, cause, key)
    return work.change(claims.town_id, move, actor=actor(claims), cause=cause, key=own, answer=stored)


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """What an agent wants a person to look at."""

    title: str
    body: str | None = None
    priority: str = Severity.MEDIUM.value
    metadata: dict[str, Any] = field(default_factory=dict)


def escalate(
    work: UnitOfWork,
    claims: AgentClaims,
    alarm: Alarm,
    *,
    key: str | None = None,
    stored: Stored[Escalation] | None = None,
) -> Escalation:
    """Raise an agent's escalation; its open twin is returned instead of a second. Raises `Invalid`, `StaleDispatch`."""
    check_size(alarm.metadata, MAX_METADATA_BYTES, "metadata")
    if not alarm.title.strip() or len(alarm.title) > MAX_TITLE:
        raise Invalid(f"A title has 1 to {MAX_TITLE} characters", field="title")
    if alarm.body and len(alarm.body.encode()) > MAX_BODY_BYTES:
        raise Invalid(f"A body has at most {MAX_BODY_BYTES} bytes", field="body")

    category = alarm.metadata.get("category")
    plea = Plea(
        title=alarm.title,
        text=alarm.body or alarm.title,
        severity=Severity(alarm.priority),
        category=category[:100] if isinstance(category, str) else None,
        metadata=alarm.metadata,
    )

    def move(town: Town, moment: Moment) -> Escalation:
        return route_escalation(town, speaker(town, claims), plea, moment)

    cause = "escalated"
    own = own_key(claims, cause, key)
    return work.change(claims.town_id, move, actor=actor(claims), cause=cause, key=own, answer=stored)


def change(  # noqa: PLR0913 - by keyword only: these are a change's own parts
    work: UnitOfWork,
    claims: AgentClaims,
    move: Callable[[Town, Moment], T],
    *,
    cause: str,
    key: str | None,
    answer: Callable[[T], dict[str, Any]],
    wakes: bool = True,
) -> dict[str, Any]:
    """Commit an agent's own move and answer what `answer` makes of its result."""

    def stored(result: T) -> dict[str, Any]:
        return {"status": CREATED if cause in CREATES else OK, "data": answer(result)}

    own = own_key(claims, cause, key)
    done = work.change(claims.town_id, move, actor=actor(claims), cause=cause, key=own, answer=stored, wakes=wakes)
    return answer(done)


def own_key(claims: AgentClaims, cause: str, key: str | None) -> str | None:
    """An idempotency key counts for one agent and one kind of move alone."""
    return f"{claims.agent_id}:{cause}:{key}" if key else None


def actor(claims: AgentClaims) -> str:
    """Who acts, as journal and beads name it."""
    return f"agent {claims.agent_id}"


def speaker(town: Town, claims: AgentClaims) -> Agent:
    """The agent that a token speaks for. Raises `NotFound`, `StaleDispatch`."""
    agent = agent_of(town, claims.rig_id, claims.agent_id)
    check_dispatch(agent, claims.dispatch)
    return agent


def mayor_of(town: Town, claims: AgentClaims) -> Mayor:
    """The mayor, if the token speaks for its present session. Raises `NotFound`, `Forbidden`, `StaleDispatch`."""
    if claims.role != Role.MAYOR:
        raise Forbidden("Only the mayor may do this")
    mayor = town.mayor
    if mayor is None or mayor.id != claims.agent_id:
        raise NotFound(f"Agent {claims.agent_id} not found")
    if claims.dispatch != mayor.dispatch or mayor.open_session is None:
        raise StaleDispatch(f"stale dispatch: {claims.dispatch} is not the mayor's present session")
    return mayor


def check_size(value: object, limit: int, where: str) -> None:
    """Refuse a value that takes more than `limit` bytes as JSON; raises `Invalid`."""
    if len(json.dumps(value, ensure_ascii=False).encode()) > limit:
        raise Invalid(f"At most {limit} bytes of JSON fit here", field=where)
