"""The mayor: people speak to it, look at it, and want it warm; its container prepares and reports it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gastown.domain.agent import AgentStatus
from gastown.domain.conversing import address_mayor, appoint_mayor, dismiss_mayor, ensure_mayor
from gastown.domain.errors import Invalid
from gastown.domain.event import EventKind
from gastown.domain.ids import Moment
from gastown.domain.limits import MAX_CONTEXT, MAX_KEPT_CONTEXT
from gastown.domain.mayor import Mayor
from gastown.domain.onlooking import Look, is_fresh, page_of, remembered, shown
from gastown.domain.town import Town
from gastown.ports.town_store import Condition
from gastown.usecases import container_events
from gastown.usecases.agents import check_size, mayor_of
from gastown.usecases.briefing import brief_mayor
from gastown.usecases.containers import check_current
from gastown.usecases.credentials import MayorAccess, for_mayor
from gastown.usecases.tokens import AgentClaims, ContainerClaims
from gastown.usecases.unit_of_work import UnitOfWork
from gastown.usecases.vault import Vault


def message(
    work: UnitOfWork, town_id: str, text: str, by: str, *, context: str | None = None, key: str | None = None
) -> dict[str, Any]:
    """Say something to the mayor; where it stands. Raises `Invalid`, `Replayed`."""
    check_context(context)

    def move(town: Town, moment: Moment) -> dict[str, Any]:
        looks = town.mayor.looks if town.mayor else []
        kept = town.mayor.context if town.mayor and is_fresh(looks, moment.now) else None
        seen = shown(context or kept or "", looks, moment.now)
        address_mayor(town, f"{seen}\n\n{text}" if seen else text, moment, by=by)
        return _standing(town)

    own = f"{by}:mayor:{key}" if key else None
    return work.change(
        town_id,
        move,
        actor=by,
        cause="mayor message",
        key=own,
        answer=lambda standing: {"status": 200, "data": standing},
    )


def check_context(context: str | None) -> None:
    """Refuse a context that is too long; raises `Invalid`."""
    if context is not None and len(context) > MAX_CONTEXT:
        raise Invalid(f"A context has at most {MAX_CONTEXT} characters", field="uiContext")


def _standing(town: Town) -> dict[str, Any]:
    mayor = town.mayor
    if mayor is None:
        return {"agentId": None, "sessionStatus": "idle"}
    return {"agentId": mayor.id, "sessionStatus": "active" if mayor.open_session else "starting"}


WARM, WANTED = "warm", "wanted"
"""Why nothing, or something, was done to have the mayor there (REQ-N.6)."""


def ensure(work: UnitOfWork, town_id: str, by: str) -> tuple[str, dict[str, Any]]:
    """Have the mayor there: the decision, and where it stands. Commits nothing when its session lives already."""
    town = work.read(town_id)
    if town.mayor is not None and town.mayor.open_session is not None:
        return WARM, {"agentId": town.mayor.id, "sessionStatus": "active"}

    def move(fresh: Town, moment: Moment) -> dict[str, Any]:
        ensure_mayor(fresh, moment)
        return _standing(fresh)

    standing = work.change(town_id, move, actor=by, cause="mayor ensured")
    container_events.note(work, town_id, "mayor.ensure_decision", reason=WANTED, agentId=standing["agentId"])
    return WANTED, standing


def dismiss(work: UnitOfWork, town_id: str, by: str) -> None:
    """End the mayor and its session; the town stays, and the next word appoints a new one."""
    work.change(town_id, dismiss_mayor, actor=by, cause="mayor dismissed")


def set_context(work: UnitOfWork, town_id: str, context: str, by: str) -> None:
    """Remember what the person looks at, for words that say nothing of it. Raises `Invalid`."""
    check_context(context)
    check_size(context, MAX_KEPT_CONTEXT, "context")

    def move(town: Town, moment: Moment) -> None:
        mayor = appoint_mayor(town, moment)
        mayor.context = context
        if context.strip():
            mayor.looks = remembered(mayor.looks, Look(at=moment.now, page=page_of(context)))

    work.change(town_id, move, actor=by, cause="mayor context", wakes=False)


def status_of(town: Town) -> dict[str, Any]:
    """How the mayor stands, as the reference tells it (api facts, 5.4)."""
    mayor = town.mayor
    active = {AgentStatus.WORKING, AgentStatus.WAITING, AgentStatus.STALLED}
    session = None
    if mayor is not None:
        session = {
            "agentId": mayor.id,
            "sessionId": mayor.id,
            "status": "active" if mayor.status in active else "starting" if mayor.is_wanted else "idle",
            "lastActivityAt": (mayor.last_activity_at or mayor.created_at).isoformat(),
        }
    return {"configured": True, "townId": town.id, "session": session}


@dataclass(frozen=True, kw_only=True)
class Prewarm:
    """What a container needs to warm the mayor up before it is wanted (REQ-1.12)."""

    mayor: Mayor | None
    start: dict[str, Any] = field(default_factory=dict)
    """What a start would tell it now, without words: by the same functions as a real one (REQ-1.13)."""
    access: MayorAccess | None = None
    organization_id: str | None = None
    """None is an answer: the town belongs to no organisation (REQ-N.3)."""


def prewarm(work: UnitOfWork, vault: Vault, claims: ContainerClaims) -> Prewarm:
    """One read of the store (REQ-7.3), and none of the vault without a mayor. Raises `StaleDispatch`."""
    town = work.read(claims.town_id)
    check_current(town, claims)
    if town.mayor is None:
        return Prewarm(mayor=None)
    return Prewarm(
        mayor=town.mayor,
        start=brief_mayor(town, town.mayor),
        access=for_mayor(vault, town),
        organization_id=town.organization_id,
    )


def check_speaking(work: UnitOfWork, claims: AgentClaims) -> None:
    """Refuse a token of an older session. Raises `NotFound`, `Forbidden`, `StaleDispatch`."""
    mayor_of(work.read(claims.town_id), claims)


def report_waiting(
    work: UnitOfWork, claims: ContainerClaims, agent_id: str, dispatch: int, fired_at: datetime | None
) -> bool:
    """Deliver that a turn of the mayor is over; raises `StaleDispatch` for another session than the present one."""
    at = fired_at.isoformat() if fired_at else None
    data = {"agent_id": agent_id, "dispatch": dispatch, "fired_at": at}
    event_id = f"{agent_id}-{dispatch}-waiting-{at or work.new_id()}"
    fence = Condition(key="MAYOR", field="dispatch", equals=dispatch)
    kind = EventKind.MAYOR_WAITING
    return work.deliver(claims.town_id, kind, data, source="container", event_id=event_id, fence=fence)
