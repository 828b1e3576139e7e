"""What agents' sessions did: appended in batches by their container, kept for a while, read page by page.

Events are no part of a town's working set and no decision rests on them. They lie in the partition `AGENT#id` under
their number, so appending one again changes nothing. `RUN#dispatch` beside them says how far a run has come: that is
enough to know which events are older than the newest 10,000 without reading any of them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gastown.domain.conversation import AgentEvent, Turn, rebuild
from gastown.domain.errors import Conflict, NotFound, StaleDispatch
from gastown.ports.town_store import Row
from gastown.usecases.agents import get_agent
from gastown.usecases.tokens import ContainerClaims, mayor_rig
from gastown.usecases.unit_of_work import UnitOfWork

KEPT = 10_000
"""Events kept of one agent (container facts, section 10)."""
LIFE = timedelta(days=30)
"""How long an event is kept."""
TRIMMED_EVERY = 500
"""Numbers after which a run looks for events that are too old; so many more than `KEPT` may be there for a moment."""
PAGE = 500
"""Rows of one agent that are read or deleted at once."""
TOLD = 2_000
"""Newest events from which a conversation is rebuilt: part updates are coalesced before they are sent."""
NUMBERS = 10**9
"""Numbers that one dispatch has: an event's id is dispatch x this + its number, so ids rise with time."""


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One event as a container sends it; `sequence` counts within its dispatch, from 1, and may leave numbers out."""

    sequence: int
    kind: str
    at: datetime
    data: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class News:
    """A batch that somebody may be watching: its events, and the id that the event before them has at most."""

    after: int
    events: list[AgentEvent]


def event_id(dispatch: int, sequence: int) -> int:
    """The number of an event among all events of its agent."""
    return dispatch * NUMBERS + sequence


def append(
    work: UnitOfWork, claims: ContainerClaims, agent_id: str, dispatch: int, batch: Sequence[Happening]
) -> News | None:
    """Keep a batch of one run's events; what to say to those who watch, none while nobody does.

    Raises `StaleDispatch`, `NotFound`, `Conflict` (a run that never was). An older run of the agent may still send its
    last events: they are history, and lie before those of the newer one.
    """
    agent = check_sender(work, claims, agent_id, dispatch)
    after = _told(work, claims.town_id, agent_id, dispatch) if _is_viewed(agent, work.now()) else None
    expires_at = int((work.now() + LIFE).timestamp())
    rows = [_row(agent_id, dispatch, happening, expires_at) for happening in batch]
    last = batch[-1].sequence
    run = Row(pk=_pk(agent_id), sk=_run_sk(dispatch), body={"last": last}, expires_at=expires_at)
    work.store.put_rows(claims.town_id, [*rows, run])
    if batch[0].sequence // TRIMMED_EVERY != last // TRIMMED_EVERY or batch[0].sequence == 1:
        _trim(work, claims.town_id, agent_id)
    if after is None:
        return None
    return News(after=after, events=[_event((row.sk, row.body)) for row in rows])


def list_events(
    work: UnitOfWork, town_id: str, rig_id: str, agent_id: str, *, after: int = 0, limit: int = 500
) -> list[AgentEvent]:
    """An agent's events after one, oldest first. Raises `NotFound`, also for an agent of another rig."""
    if rig_id == mayor_rig(town_id):
        _check_mayor(work, town_id, agent_id)
    else:
        get_agent(work, town_id, rig_id, agent_id)
    before = _event_sk(after) if after else None
    page, _ = work.store.list_rows(
        town_id, _pk(agent_id), prefix="EVENT#", limit=limit, before=before, newest_first=False
    )
    return [event for event in map(_event, page) if event.id > after]


def mayor_conversation(work: UnitOfWork, town_id: str) -> list[Turn]:
    """What the mayor and people said to each other last; empty without a mayor."""
    mayor = work.read(town_id).mayor
    return conversation(work, town_id, mayor.id) if mayor is not None else []


def conversation_for(work: UnitOfWork, claims: ContainerClaims, agent_id: str) -> list[Turn]:
    """An agent's conversation, for the session that continues it. Raises `StaleDispatch`, `NotFound`."""
    check_sender(work, claims, agent_id, 0)
    return conversation(work, claims.town_id, agent_id, consistent=True)


def conversation(work: UnitOfWork, town_id: str, agent_id: str, *, consistent: bool = False) -> list[Turn]:
    """An agent's conversation, from its newest events; `consistent` shows those too that were told a moment ago."""
    events: list[AgentEvent] = []
    before: str | None = None
    while len(events) < TOLD:
        page, before = work.store.list_rows(
            town_id, _pk(agent_id), prefix="EVENT#", limit=PAGE, before=before, consistent=consistent
        )
        events += map(_event, page)
        if before is None:
            break
    return rebuild(events)


def check_sender(work: UnitOfWork, claims: ContainerClaims, agent_id: str, dispatch: int) -> dict[str, Any]:
    """Whether a container of the present generation speaks of an agent of its town, and of a run that was: the agent.

    Two small reads instead of the whole town: this is asked once a second for each agent. Raises `StaleDispatch`,
    `NotFound`, `Conflict`.
    """
    store, town_id = work.store, claims.town_id
    if store.read_row(town_id, "LIVE", f"PULSE#{claims.generation}", consistent=True) is None:
        raise StaleDispatch(f"stale dispatch: generation {claims.generation} is superseded")
    agent = store.read_row(town_id, "LIVE", f"AGENT#{agent_id}", consistent=True)
    if agent is None:
        mayor = store.read_row(town_id, "LIVE", "MAYOR", consistent=True)
        agent = mayor if mayor is not None and mayor["id"] == agent_id else None
    if agent is None:
        raise NotFound(f"Agent {agent_id} not found")
    if dispatch > int(agent["dispatch"]):
        raise Conflict(f"Agent {agent_id} has no run {dispatch}")
    return agent


def _is_viewed(agent: Mapping[str, Any], now: datetime) -> bool:
    until = agent.get("viewed_until")
    return until is not None and datetime.fromisoformat(until) > now


def _told(work: UnitOfWork, town_id: str, agent_id: str, dispatch: int) -> int:
    """The id up to which a run was told before."""
    run = work.store.read_row(town_id, _pk(agent_id), _run_sk(dispatch), consistent=True)
    return event_id(dispatch, int(run["last"]) if run is not None else 0)


def _check_mayor(work: UnitOfWork, town_id: str, agent_id: str) -> None:
    mayor = work.read(town_id).mayor
    if mayor is None or mayor.id != agent_id:
        raise NotFound(f"Agent {agent_id} not found")


def _trim(work: UnitOfWork, town_id: str, agent_id: str) -> None:
    """Delete one page of what is older than the newest events; each batch deletes more than it can have added."""
    oldest = _oldest_kept(_runs(work, town_id, agent_id))
    if oldest is None:
        return
    page, _ = work.store.list_rows(town_id, _pk(agent_id), limit=2 * PAGE, prefix="EVENT#", newest_first=False)
    old = [sk for sk, _ in page if sk < _event_sk(oldest)]
    work.store.delete_rows(town_id, [(_pk(agent_id), sk) for sk in old])


def _runs(work: UnitOfWork, town_id: str, agent_id: str) -> Iterator[tuple[int, int]]:
    """Dispatch and last number of each run, newest first."""
    before: str | None = None
    while True:
        page, before = work.store.list_rows(town_id, _pk(agent_id), prefix="RUN#", limit=PAGE, before=before)
        yield from ((int(sk.removeprefix("RUN#")), int(body["last"])) for sk, body in page)
        if before is None:
            return


def _oldest_kept(runs: Iterable[tuple[int, int]]) -> int | None:
    """The id of the oldest event to keep; none while there are too few. Numbers that were left out count."""
    left = KEPT
    for dispatch, last in runs:
        if last > left:
            return event_id(dispatch, last - left + 1)
        left -= last
    return None


def _pk(agent_id: str) -> str:
    return f"AGENT#{agent_id}"


def _run_sk(dispatch: int) -> str:
    return f"RUN#{dispatch:09d}"


def _event_sk(number: int) -> str:
    return f"EVENT#{number:018d}"


def _row(agent_id: str, dispatch: int, happening: Happening, expires_at: int) -> Row:
    """An event as it is stored; its data is one text, because sessions nest deeper than items may."""
    body = {"kind": happening.kind, "at": happening.at.isoformat(), "data": json.dumps(happening.data)}
    return Row(pk=_pk(agent_id), sk=_event_sk(event_id(dispatch, happening.sequence)), body=body, expires_at=expires_at)


def _event(row: tuple[str, dict[str, Any]]) -> AgentEvent:
    sk, body = row
    number = int(sk.removeprefix("EVENT#"))
    return AgentEvent(
        id=number,
        dispatch=number // NUMBERS,
        kind=body["kind"],
        data=json.loads(body["data"]),
        at=datetime.fromisoformat(body["at"]),
    )
