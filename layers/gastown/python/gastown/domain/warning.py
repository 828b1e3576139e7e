"""Raising and acknowledging escalations."""

from gastown.domain.errors import NotFound
from gastown.domain.escalation import Escalation, Severity
from gastown.domain.event import Note
from gastown.domain.ids import BeadId, Moment, RigId
from gastown.domain.town import Town


def raise_escalation(  # noqa: PLR0913 - by keyword only: these are an escalation's own fields
    town: Town,
    moment: Moment,
    *,
    cause: str,
    severity: Severity,
    title: str,
    message: str,
    bead_id: BeadId | None = None,
    rig_id: RigId | None = None,
    source_agent: str | None = None,
    metadata: dict[str, object] | None = None,
) -> Escalation:
    """Raise one escalation for `cause`; while one with this cause is open, that one is returned."""
    if (known := next((e for e in town.escalations.values() if e.cause == cause), None)) is not None:
        return known
    escalation = Escalation(
        id=BeadId(moment.new_id()),
        cause=cause,
        severity=severity,
        title=title[:200],
        message=message,
        created_at=moment.now,
        rig_id=rig_id,
        source_agent=source_agent,
        bead_id=bead_id,
        metadata=metadata or {},
    )
    town.escalations[escalation.id] = escalation
    town.note(
        Note(bead_id=bead_id or escalation.id, type="escalated", at=moment.now, new=severity, metadata={"cause": cause})
    )
    return escalation


def acknowledge_escalation(town: Town, escalation_id: str, by: str, moment: Moment) -> Escalation:
    """End an escalation because a person has seen it; raises `NotFound`."""
    escalation = town.escalations.pop(BeadId(escalation_id), None)
    if escalation is None:
        raise NotFound(f"Escalation {escalation_id} not found")
    escalation.acknowledged_at, escalation.acknowledged_by = moment.now, by
    town.finals[escalation.id] = escalation
    town.note(
        Note(bead_id=escalation.bead_id or escalation.id, type="triage_resolved", at=moment.now, new="acknowledged")
    )
    return escalation
