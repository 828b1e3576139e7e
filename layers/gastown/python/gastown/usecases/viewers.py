"""People who watch an agent's session: a ticket lets one connection in, and what the session does is said to it.

The connections of an agent lie in the partition `CONNECTION#id`, beside the working set, in the order of their tickets.
That somebody may be watching stands on the agent itself (`viewed_until`), which each batch of events reads anyway: so
while nobody watches, nothing is asked and nothing is sent. A message that is lost leaves a gap that its reader sees.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from gastown.domain.agent import Agent
from gastown.domain.errors import Unauthorized, Unavailable
from gastown.domain.ids import Moment
from gastown.domain.mayor import Mayor
from gastown.domain.town import Town
from gastown.ports.push_channel import PushChannel
from gastown.ports.town_store import Row
from gastown.usecases.signals import unsent
from gastown.usecases.tokens import TICKET_LIFE, TicketClaims, mint_ticket, verify_ticket
from gastown.usecases.unit_of_work import Replayed, UnitOfWork

LIFE: Final = timedelta(hours=2)
"""The longest that API Gateway keeps a connection (container facts, section 9)."""
OPENING: Final = timedelta(seconds=30)
"""A connection counts as gone also until its handshake is answered, so one that is this young is not forgotten."""
MOST: Final = 20
"""Connections of one agent that are told, the newest ones."""
PATIENCE_S: Final = 1.0
"""Seconds after which a batch of events tries no further connection: its container waits for the answer."""


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """What a person connects with, and until when."""

    token: str
    expires_at: datetime


def issue_ticket(uow: UnitOfWork, secrets: Sequence[str], town_id: str, agent_id: str, user_id: str) -> Ticket:
    """A ticket for somebody who may see this town. Raises `NotFound`."""
    town = uow.read(town_id)
    watched, now = _watched(town, agent_id), uow.now()
    claims = TicketClaims(
        ticket_id=uow.new_id(),
        user_id=user_id,
        town_id=town.id,
        agent_id=watched.id,
        expires_at=now.replace(microsecond=0) + TICKET_LIFE,
    )
    return Ticket(token=mint_ticket(secrets, claims, now=now), expires_at=claims.expires_at)


def admit(uow: UnitOfWork, secrets: Sequence[str], ticket: str, connection_id: str) -> TicketClaims:
    """Use up a ticket and tell its connection from now on. Raises `Unauthorized`, `NotFound`, `Unavailable`."""
    claims = verify_ticket(ticket, secrets, now=uow.now())
    try:
        until = uow.change(
            claims.town_id,
            lambda town, moment: expect_viewer(town, claims.agent_id, moment),
            actor=claims.user_id,
            cause="viewer_connected",
            key=f"ticket-{claims.ticket_id}",
            wakes=False,
        )
    except Replayed as used:
        raise Unauthorized("This ticket was used before") from used
    body = {"connection_id": connection_id, "user_id": claims.user_id, "connected_at": uow.now().isoformat()}
    row = Row(pk=_pk(claims.agent_id), sk=claims.ticket_id, body=body, expires_at=int(until.timestamp()))
    uow.store.put_rows(claims.town_id, [row])
    return claims


def expect_viewer(town: Town, agent_id: str, moment: Moment) -> datetime:
    """Note that somebody may be watching this agent, and until when. Raises `NotFound`."""
    watched = _watched(town, agent_id)
    watched.viewed_until = moment.now + LIFE
    return watched.viewed_until


def say(
    uow: UnitOfWork,
    channel: PushChannel,
    town_id: str,
    agent_id: str,
    message: bytes,
    *,
    elapsed: Callable[[], float] = time.monotonic,
) -> None:
    """Say something to all who watch an agent, within bounds. What cannot be said is counted, and fails nobody."""
    end, gone = elapsed() + PATIENCE_S, []
    with unsent("viewers"):
        found, _ = uow.store.list_rows(town_id, _pk(agent_id), limit=MOST, consistent=True)
        for sk, body in found:
            if elapsed() > end:
                raise Unavailable(f"viewers took longer than {PATIENCE_S} s")
            with unsent("viewer"):
                if not channel.push(body["connection_id"], message) and _is_open(body, uow.now()):
                    gone.append((_pk(agent_id), sk))
    if gone:
        with unsent("viewers"):
            uow.store.delete_rows(town_id, gone)


def _is_open(body: dict[str, Any], now: datetime) -> bool:
    """Whether its handshake is over for certain."""
    return now - datetime.fromisoformat(body["connected_at"]) > OPENING


def _watched(town: Town, agent_id: str) -> Agent | Mayor:
    mayor = town.mayor
    return mayor if mayor is not None and mayor.id == agent_id else town.agent(agent_id)


def _pk(agent_id: str) -> str:
    return f"CONNECTION#{agent_id}"
