"""What a container does with its town: registers, beats, acknowledges commands and reports how they ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gastown.domain import housing
from gastown.domain.agent import AgentStatus
from gastown.domain.command import CommandKind
from gastown.domain.container import ContainerState
from gastown.domain.errors import Forbidden, NotFound, StaleDispatch
from gastown.domain.event import EventKind
from gastown.domain.housing import register
from gastown.domain.ids import AgentId
from gastown.domain.town import Town
from gastown.ports.town_store import Condition
from gastown.usecases import commands, tokens
from gastown.usecases.history import bead_text
from gastown.usecases.tokens import ContainerClaims, UnknownSignature
from gastown.usecases.unit_of_work import UnitOfWork

RED_OUTPUT = 8_000
"""Characters kept of a failed gate's output; what an agent needs to fix it stands at the end."""

GREEN_OUTPUT = 500
"""Characters kept of a passed gate's output."""

MAX_GATES = 20
"""Gates kept of one report; an inbox item has to stay far below its 400 KB."""


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """One agent that a heartbeat speaks of."""

    agent_id: str
    dispatch: int
    activity: dict[str, Any] = field(default_factory=dict)
    saved_sha: str | None = None
    """The commit on the remote that holds its work."""


@dataclass(frozen=True, kw_only=True)
class Registration:
    """How a container introduces itself."""

    town_id: str
    generation: int
    code: str
    instance_id: str


def register_container(work: UnitOfWork, secrets: Sequence[str], asked: Registration) -> str:
    """Exchange a boot code for the container's token. Raises `UnknownSignature`, `Conflict` (superseded)."""
    if not tokens.check_boot_code(asked.code, secrets, asked.town_id, asked.generation):
        raise UnknownSignature("Wrong boot code")
    work.change(
        asked.town_id,
        lambda town, moment: register(town, asked.generation, asked.instance_id, moment),
        actor=f"container {asked.generation}",
        cause="container_registered",
    )
    return tokens.mint_container(secrets, town_id=asked.town_id, generation=asked.generation, now=work.now())


def renew_token(work: UnitOfWork, secrets: Sequence[str], claims: ContainerClaims) -> str:
    """A new token for the current generation's container. Raises `StaleDispatch` for any other."""
    check_current(work.read(claims.town_id), claims)
    return tokens.mint_container(secrets, town_id=claims.town_id, generation=claims.generation, now=work.now())


def check_current(town: Town, claims: ContainerClaims) -> None:
    """Refuse a container that is no longer, or was never, its town's; raises `StaleDispatch`."""
    if claims.generation != town.container.generation or town.container.state is ContainerState.NONE:
        raise StaleDispatch(f"stale dispatch: generation {claims.generation} is superseded")


def stop_gracefully(uow: UnitOfWork, town_id: str, by: str) -> int:
    """Have the town's container drain and leave; its generation. Raises `NotFound`, `Conflict` unless it is ready."""
    return uow.change(town_id, housing.stop_gracefully, actor=by, cause="graceful stop")


def beat(work: UnitOfWork, claims: ContainerClaims, generation: int, seen: Sequence[Sighting]) -> dict[str, Any]:
    """Record one heartbeat and answer what the container is to do: drain, stop agents, run commands, or leave."""
    if generation != claims.generation:
        raise Forbidden("The token belongs to another generation")
    try:
        if not work.store.beat(claims.town_id, generation, pulse(work, seen)):
            return answer(superseded=True)
        town = work.read(claims.town_id)
    except NotFound:  # the town is gone, and its container with it
        return answer(superseded=True)
    if town.container.generation > generation:
        return answer(superseded=True)
    return answer(
        drain=town.container.state is ContainerState.DRAINING,
        stop=[{"agent_id": one.agent_id, "dispatch": one.dispatch} for one in seen if is_over(town, one)],
        waiting=commands.waiting(town, generation, lambda bead_id: bead_text(work, town.id, bead_id)),
    )


def registry(work: UnitOfWork, claims: ContainerClaims) -> list[dict[str, Any]]:
    """The starts that wait for this generation, oldest first, without any credential (decision 0021).

    Read consistently: the container has just registered, and the tick after that may have asked for them already.
    Raises `StaleDispatch` for another generation.
    """
    town = work.load(claims.town_id).town
    check_current(town, claims)
    waiting = commands.waiting(town, claims.generation, lambda bead_id: bead_text(work, town.id, bead_id))
    return [command for command in waiting if command["kind"] == CommandKind.START]


def pulse(work: UnitOfWork, seen: Sequence[Sighting]) -> dict[str, Any]:
    """The stored form of one heartbeat; its times are the server's."""
    at = commands.iso(work.now())
    agents = {
        one.agent_id: {"dispatch": one.dispatch, "at": at, "activity": one.activity, "saved_sha": one.saved_sha}
        for one in seen
    }
    return {"at": at, "agents": agents}


def answer(
    *,
    drain: bool = False,
    superseded: bool = False,
    stop: Sequence[Mapping[str, Any]] = (),
    waiting: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """A heartbeat's answer in the form that containers know."""
    return {"drain": drain, "superseded": superseded, "stop": list(stop), "commands": list(waiting)}


def is_over(town: Town, seen: Sighting) -> bool:
    """Whether a reported run has ended, is stale or was told to stop; one newer than this (eventual) read is not."""
    if town.mayor is not None and town.mayor.id == seen.agent_id:
        over = town.mayor.open_session is None
        return seen.dispatch < town.mayor.dispatch or (seen.dispatch == town.mayor.dispatch and over)
    agent = town.agents.get(AgentId(seen.agent_id))
    if agent is None:
        return True
    told_to_stop = agent.open_run is None or agent.status is AgentStatus.STALLED
    return seen.dispatch < agent.dispatch or (seen.dispatch == agent.dispatch and told_to_stop)


@dataclass(frozen=True, kw_only=True)
class Ack:
    """Whether a container took a command, and if not, why; `at` is when, by its clock."""

    outcome: str
    cause: str | None = None
    error: str | None = None
    at: datetime | None = None


def acknowledge(work: UnitOfWork, claims: ContainerClaims, command_id: str, ack: Ack) -> bool:
    """Deliver an acknowledgement; raises `StaleDispatch` for an older generation."""
    error, at = ack.error[:1000] if ack.error else None, ack.at.isoformat() if ack.at else None
    data = {"command_id": command_id, "outcome": ack.outcome, "cause": ack.cause, "error": error, "at": at}
    return _deliver(work, claims, EventKind.COMMAND_ACKED, data, event_id=f"{command_id}-ack")


def report_merge(work: UnitOfWork, claims: ContainerClaims, command_id: str, outcome: Mapping[str, Any]) -> bool:
    """Deliver how a merge attempt ended; gate outputs are cut to their tails. Raises `StaleDispatch`."""
    gates = [_cut(gate) for gate in list(outcome.get("gates") or [])[:MAX_GATES]]
    data = {**outcome, "command_id": command_id, "gates": gates, "message": str(outcome.get("message") or "")[:4000]}
    return _deliver(work, claims, EventKind.MERGE_REPORTED, data, event_id=f"{command_id}-report")


def report_setup(work: UnitOfWork, claims: ContainerClaims, command_id: str, outcome: Mapping[str, Any]) -> bool:
    """Deliver how the setup of a rig's repository ended; raises `StaleDispatch`."""
    data = {**outcome, "command_id": command_id, "message": str(outcome.get("message") or "")[:4000]}
    return _deliver(work, claims, EventKind.SETUP_REPORTED, data, event_id=f"{command_id}-report")


def report_eviction(work: UnitOfWork, claims: ContainerClaims) -> bool:
    """Deliver that the container was told to leave; saying so twice is one event. Raises `StaleDispatch`."""
    data = {"generation": claims.generation}
    return _deliver(work, claims, EventKind.CONTAINER_EVICTED, data, event_id=f"{claims.generation}-evicted")


def _cut(gate: Mapping[str, Any]) -> dict[str, Any]:
    kept = RED_OUTPUT if gate.get("exit_code") else GREEN_OUTPUT
    return {**gate, "output": str(gate.get("output") or "")[-kept:]}


def _deliver(
    work: UnitOfWork, claims: ContainerClaims, kind: EventKind, data: dict[str, Any], *, event_id: str
) -> bool:
    fence = Condition(key="META", field="generation", equals=claims.generation)
    return work.deliver(claims.town_id, kind, data, source="container", event_id=event_id, fence=fence)
