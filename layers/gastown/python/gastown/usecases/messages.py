"""Nudges and mail: sending them, reading what waits, and taking note of what was read.

Reading never marks anything, since reads do not commit; who has read says so by the ids (town facts, A20).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from gastown.domain.agent import Role
from gastown.domain.errors import Invalid, NotFound
from gastown.domain.ids import AgentId, BeadId, Moment, RigId
from gastown.domain.limits import NUDGE_LIFE
from gastown.domain.mail import Mail
from gastown.domain.nudge import Nudge, NudgeMode, NudgePriority
from gastown.domain.nudging import end_message, is_under_way, mail_of, nudges_of, queue_nudge, send_mail
from gastown.domain.town import Town
from gastown.usecases.agents import agent_of, mayor_of, speaker
from gastown.usecases.history import bead_text
from gastown.usecases.tokens import AgentClaims, mayor_rig
from gastown.usecases.unit_of_work import UnitOfWork

MOST = 100
"""Messages that one list shows, and that one acknowledgement names."""


@dataclass(frozen=True, kw_only=True)
class NudgeOrder:
    """A nudge that somebody sends; `ttl_seconds` none means a day."""

    agent_id: str
    message: str
    mode: NudgeMode = NudgeMode.WAIT_IDLE
    priority: NudgePriority = NudgePriority.NORMAL
    ttl_seconds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A letter that somebody sends; its recipient is in the sender's rig, if a rig is named."""

    recipient: str
    subject: str
    body: str
    rig_id: str | None = None


def nudge(work: UnitOfWork, town_id: str, order: NudgeOrder, by: str, key: str | None = None) -> str:
    """Keep a nudge; its id. Raises `NotFound`, `Invalid`, `Replayed`."""
    ttl = timedelta(seconds=order.ttl_seconds) if order.ttl_seconds is not None else NUDGE_LIFE

    def move(town: Town, moment: Moment) -> Nudge:
        return queue_nudge(
            town, order.agent_id, order.message, moment, mode=order.mode, priority=order.priority, source=by, ttl=ttl
        )

    own = f"{by}:nudge:{key}" if key else None
    return work.change(
        town_id,
        move,
        actor=by,
        cause="nudge",
        key=own,
        answer=lambda kept: {"status": 200, "data": {"nudge_id": kept.id}},
    ).id


def mail(work: UnitOfWork, town_id: str, letter: Letter, by: str, key: str | None = None) -> str:
    """Keep a letter; its id. Raises `NotFound`, also for a recipient of another rig, `Invalid`, `Replayed`."""

    def move(town: Town, moment: Moment) -> Mail:
        agent = town.agents.get(AgentId(letter.recipient))
        if letter.rig_id is not None and agent is not None and agent.rig_id != RigId(letter.rig_id):
            raise NotFound(f"Agent {letter.recipient} not found")
        return send_mail(town, by, letter.recipient, letter.subject, letter.body, moment)

    own = f"{by}:mail:{key}" if key else None
    return work.change(
        town_id,
        move,
        actor=by,
        cause="mail",
        key=own,
        answer=lambda kept: {"status": 201, "data": {"sent": True, "mail_id": kept.id}},
    ).id


@dataclass(frozen=True, kw_only=True)
class Words:
    """A nudge that waits, with its whole text."""

    nudge: Nudge
    text: str
    under_way: bool


@dataclass(frozen=True, kw_only=True)
class OpenMail:
    """A letter that waits, with its body."""

    letter: Mail
    body: str


def pending_of(work: UnitOfWork, town: Town, agent_id: str) -> list[Words]:
    """What waits to be said to an agent, urgent first; long texts cost one read each."""
    waiting = nudges_of(town, agent_id)[:MOST]
    return [Words(nudge=n, text=nudge_text(work, town, n), under_way=is_under_way(town, n)) for n in waiting]


def waiting_for(work: UnitOfWork, town_id: str, rig_id: str, agent_id: str) -> list[Words]:
    """What waits to be said to an agent of a rig, or to the mayor, for who is not that agent. Raises `NotFound`."""
    town = work.read(town_id)
    if town.mayor is None or (rig_id, agent_id) != (mayor_rig(town_id), town.mayor.id):
        agent_of(town, rig_id, agent_id)
    return pending_of(work, town, agent_id)


def all_nudges(work: UnitOfWork, town_id: str) -> list[Words]:
    """Every nudge of a town that has not ended, oldest first."""
    town = work.read(town_id)
    waiting = sorted(town.nudges.values(), key=lambda nudge: (nudge.created_at, nudge.id))[:MOST]
    return [Words(nudge=n, text=nudge_text(work, town, n), under_way=is_under_way(town, n)) for n in waiting]


def nudge_text(work: UnitOfWork, town: Town, nudge: Nudge) -> str:
    """The whole text of a nudge."""
    return (bead_text(work, town.id, nudge.id) if nudge.is_long else None) or nudge.message


def open_mail_of(work: UnitOfWork, town: Town, agent_id: str) -> list[OpenMail]:
    """An agent's open letters with their bodies, oldest first; one read each."""
    letters = mail_of(town, agent_id)[:MOST]
    return [OpenMail(letter=one, body=bead_text(work, town.id, one.id) or "") for one in letters]


def own_nudges(work: UnitOfWork, claims: AgentClaims) -> list[Words]:
    """The calling agent's waiting nudges. Raises `NotFound`, `StaleDispatch`."""
    town = work.read(claims.town_id)
    return pending_of(work, town, heard(town, claims))


def own_mail(work: UnitOfWork, claims: AgentClaims) -> list[OpenMail]:
    """The calling agent's open mail. Raises `NotFound`, `StaleDispatch`."""
    town = work.read(claims.town_id)
    return open_mail_of(work, town, heard(town, claims))


def take_note(work: UnitOfWork, claims: AgentClaims, ids: Iterable[str]) -> int:
    """The calling agent has read these nudges and letters; how many of them had been open. Raises `StaleDispatch`."""
    chosen = [BeadId(one) for one in ids]
    if len(chosen) > MOST:
        raise Invalid(f"At most {MOST} at once", field="ids")

    def move(town: Town, moment: Moment) -> int:
        agent_id = heard(town, claims)
        mine: list[Nudge | Mail] = [*nudges_of(town, agent_id), *mail_of(town, agent_id)]
        read = [message for message in mine if message.id in chosen]
        for message in read:
            end_message(town, message, "delivered", moment)
        return len(read)

    return work.change(claims.town_id, move, actor=f"agent {claims.agent_id}", cause="messages_read")


def heard(town: Town, claims: AgentClaims) -> AgentId:
    """The agent or mayor that a token speaks for. Raises `NotFound`, `StaleDispatch`."""
    if claims.role == Role.MAYOR:
        return mayor_of(town, claims).id
    return speaker(town, claims).id
