"""Escalations: list and acknowledge."""

from gastown.domain.errors import NotFound
from gastown.domain.escalation import Escalation
from gastown.domain.warning import acknowledge_escalation
from gastown.usecases.history import ended_bead, finished, kept_bead
from gastown.usecases.unit_of_work import UnitOfWork

MOST = 100


def list_escalations(uow: UnitOfWork, town_id: str, *, acknowledged: bool) -> list[Escalation]:
    """Open escalations, or the newest acknowledged ones; newest first."""
    town = uow.read(town_id)
    if not acknowledged:
        return sorted(town.escalations.values(), key=lambda escalation: escalation.created_at, reverse=True)[:MOST]
    homes = ["town", *town.rigs]
    lines = [line for home in homes for line in finished(uow, town_id, home, MOST) if line["kind"] == "escalation"]
    ended = [ended_bead(uow, town_id, line["id"]) for line in lines]
    return [escalation for escalation in ended if isinstance(escalation, Escalation)]


def acknowledge(uow: UnitOfWork, town_id: str, escalation_id: str, by: str) -> Escalation:
    """End an escalation; one that was acknowledged before is answered as it ended. Raises `NotFound`."""
    try:
        return uow.change(
            town_id,
            lambda town, moment: acknowledge_escalation(town, escalation_id, by, moment),
            actor=by,
            cause="acknowledge",
        )
    except NotFound:
        ended = kept_bead(uow, town_id, escalation_id)
        if isinstance(ended, Escalation):
            return ended
        raise
