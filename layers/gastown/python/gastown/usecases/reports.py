"""What an agent and its container report of a run: done, completed, changes, checkpoint, status line, heartbeat.

Every report names the run by its dispatch number; an older number gets `StaleDispatch` and changes nothing.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gastown.domain.agent import Agent, Role
from gastown.domain.container import ContainerState
from gastown.domain.errors import Conflict, Forbidden, Invalid
from gastown.domain.event import EventKind, Note
from gastown.domain.ids import BeadId, Moment
from gastown.domain.limits import MAX_BODY_BYTES, MAX_CHECKPOINT, MAX_SUMMARY
from gastown.domain.reporting import request_changes
from gastown.domain.town import Town
from gastown.ports.town_store import Condition
from gastown.usecases import commands, containers
from gastown.usecases.agents import change, check_size, speaker
from gastown.usecases.tokens import AgentClaims, ContainerClaims
from gastown.usecases.unit_of_work import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class DoneReport:
    """An agent's `done`, as it arrived."""

    branch: str
    head_sha: str | None = None
    pr_url: str | None = None
    summary: str | None = None


def report_done(work: UnitOfWork, claims: AgentClaims, done: DoneReport) -> bool:
    """Deliver an agent's `done`; false if this very report waits already. Raises `Invalid`, `StaleDispatch`."""
    if done.head_sha is None and claims.role != Role.REFINERY:
        raise Invalid("A done names the head that was pushed", field="head_sha")
    data = {
        "agent_id": claims.agent_id,
        "dispatch": claims.dispatch,
        "branch": done.branch,
        "head_sha": done.head_sha,
        "pr_url": done.pr_url,
        "summary": done.summary[:MAX_SUMMARY] if done.summary else None,
    }
    mark = hashlib.sha256(f"{done.branch} {done.head_sha}".encode()).hexdigest()[:12]
    event_id = f"{claims.agent_id}-{claims.dispatch}-done-{mark}"
    fence = _fence(claims.agent_id, claims.dispatch)
    return work.deliver(claims.town_id, EventKind.AGENT_DONE, data, source="agent", event_id=event_id, fence=fence)


@dataclass(frozen=True, kw_only=True)
class Exit:
    """How an agent's process ended, as its container saw it."""

    agent_id: str
    dispatch: int
    status: str
    reason: str | None = None
    saved_sha: str | None = None
    is_mayor: bool = False


def report_completed(work: UnitOfWork, claims: ContainerClaims, ended: Exit) -> bool:
    """Deliver the exit of an agent's process; raises `StaleDispatch`."""
    reason = ended.reason[:1000] if ended.reason else None
    data = {
        "agent_id": ended.agent_id,
        "dispatch": ended.dispatch,
        "status": ended.status,
        "reason": reason,
        "saved_sha": ended.saved_sha,
    }
    event_id = f"{ended.agent_id}-{ended.dispatch}-completed"
    fence = _fence(ended.agent_id, ended.dispatch, is_mayor=ended.is_mayor)
    kind = EventKind.AGENT_COMPLETED
    return work.deliver(claims.town_id, kind, data, source="container", event_id=event_id, fence=fence)


def _fence(agent_id: str, dispatch: int, *, is_mayor: bool = False) -> Condition:
    return Condition(key="MAYOR" if is_mayor else f"AGENT#{agent_id}", field="dispatch", equals=dispatch)


def change_requested(
    work: UnitOfWork, claims: AgentClaims, feedback: str, files: Sequence[str], key: str | None
) -> dict[str, Any]:
    """Take a refinery's verdict that changes are needed. Raises `Forbidden`, `Invalid`, `Conflict`, `StaleDispatch`."""
    if claims.role != Role.REFINERY:
        raise Forbidden("Only a refinery requests changes")
    if len(feedback.encode()) > MAX_BODY_BYTES:
        raise Invalid(f"Feedback has at most {MAX_BODY_BYTES} bytes", field="feedback")

    def move(town: Town, moment: Moment) -> BeadId:
        return request_changes(town, claims.agent_id, claims.dispatch, feedback, files, moment)

    return change(work, claims, move, cause="request_changes", key=key, answer=lambda fix: {"rework_bead_id": fix})


def write_checkpoint(work: UnitOfWork, claims: AgentClaims, data: object, key: str | None) -> dict[str, Any]:
    """Keep what an agent wants to find again. Raises `Invalid`, `Conflict` (no run), `StaleDispatch`."""
    check_size(data, MAX_CHECKPOINT, "data")

    def move(town: Town, moment: Moment) -> None:
        agent = _at_work(town, claims)
        agent.checkpoint, agent.last_activity_at = data, moment.now

    return change(work, claims, move, cause="checkpoint", key=key, answer=lambda _: {"written": True}, wakes=False)


def set_status_message(work: UnitOfWork, claims: AgentClaims, message: str, key: str | None) -> dict[str, Any]:
    """Set the line that says what an agent does, also in its bead's history. `Conflict` (no run), `StaleDispatch`."""

    def move(town: Town, moment: Moment) -> None:
        agent = _at_work(town, claims)
        agent.status_message, agent.status_updated_at, agent.last_activity_at = message, moment.now, moment.now
        if agent.hook is not None:
            town.note(Note(bead_id=agent.hook, type="agent_status", at=moment.now, agent_id=agent.id, new=message))

    return change(work, claims, move, cause="agent_status", key=key, answer=lambda _: {"ok": True}, wakes=False)


def beat(work: UnitOfWork, claims: AgentClaims, activity: dict[str, Any]) -> dict[str, Any]:
    """Record one agent's own heartbeat; `stop` tells it that its run is over."""
    town = work.read(claims.town_id)
    seen = containers.Sighting(agent_id=claims.agent_id, dispatch=claims.dispatch, activity=activity)
    stop = containers.is_over(town, seen)
    if not stop:
        stop = not work.store.beat(claims.town_id, town.container.generation, _merged(work, town, seen))
    return {"heartbeat": True, "stop": stop, "drain": town.container.state is ContainerState.DRAINING}


def _merged(work: UnitOfWork, town: Town, seen: containers.Sighting) -> dict[str, Any]:
    """The container's last pulse with this one agent's sign of life in it; a pulse is stored whole."""
    pulse = containers.pulse(work, [seen])
    known = town.pulses.get(town.container.generation)
    before = {
        agent_id: {
            "dispatch": one.dispatch,
            "at": commands.iso(one.at),
            "activity": one.activity,
            "saved_sha": one.saved_sha,
        }
        for agent_id, one in (known.agents if known else {}).items()
    }
    return {**pulse, "agents": {**before, **pulse["agents"]}}


def _at_work(town: Town, claims: AgentClaims) -> Agent:
    agent = speaker(town, claims)
    if agent.open_run is None:
        raise Conflict(f"Run {claims.dispatch} of {agent.name} has ended")
    return agent
