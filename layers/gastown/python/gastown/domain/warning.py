"""Raising and acknowledging escalations, and raising them again while nobody has."""

from datetime import datetime

from gastown.domain.asking import close_requests_of
from gastown.domain.errors import NotFound
from gastown.domain.escalation import Escalation, Severity
from gastown.domain.event import Note
from gastown.domain.ids import BeadId, Moment, RigId
from gastown.domain.limits import ESCALATION_STEP, MAX_NUDGE, MAX_RE_ESCALATIONS
from gastown.domain.telling import tell_mayor
from gastown.domain.town import Town

ABOUT_MAYOR, ABOUT_CONTAINER = "mayor", "container"
"""The causes of which the mayor is not told: it could not be reached."""

STEPS = (Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)


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
    category: str | None = None,
) -> Escalation:
    """Raise one escalation for `cause` (2 items); while one with this cause is open, that one is returned.

    The mayor hears of it unless it is of low severity, or about the mayor itself.
    """
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
        category=category,
    )
    town.escalations[escalation.id] = escalation
    town.note(
        Note(bead_id=bead_id or escalation.id, type="escalated", at=moment.now, new=severity, metadata={"cause": cause})
    )
    _tell(town, escalation, "Escalation", moment)
    return escalation


def _tell(town: Town, escalation: Escalation, what: str, moment: Moment) -> None:
    if escalation.severity is Severity.LOW or escalation.cause in (ABOUT_MAYOR, ABOUT_CONTAINER):
        return
    about = f"rig={escalation.rig_id} " if escalation.rig_id else ""
    words = f"[{what}:{escalation.severity}] {about}{escalation.title}\n{escalation.message}"
    tell_mayor(town, words[:MAX_NUDGE], moment, source="escalation")


def opened_between(before: Town, after: Town) -> int:
    """How many escalations the later of two states of a town has that the earlier had not."""
    return len(after.escalations.keys() - before.escalations.keys())


def next_step_at(escalation: Escalation) -> datetime | None:
    """When an open escalation is raised again; none after its three times."""
    done = escalation.re_escalations
    return escalation.created_at + ESCALATION_STEP * (done + 1) if done < MAX_RE_ESCALATIONS else None


def raise_again(town: Town, escalation: Escalation, moment: Moment) -> None:
    """Take an escalation that nobody acknowledged one step up, at most to critical, and tell the mayor (2 items)."""
    old = escalation.severity
    escalation.severity = STEPS[min(STEPS.index(old) + 1, len(STEPS) - 1)]
    escalation.re_escalations += 1
    step: dict[str, object] = {"cause": escalation.cause, "step": escalation.re_escalations}
    subject = escalation.bead_id or escalation.id
    town.note(Note(bead_id=subject, type="escalated", at=moment.now, old=old, new=escalation.severity, metadata=step))
    _tell(town, escalation, "Re-Escalation", moment)


def acknowledge_escalation(town: Town, escalation_id: str, by: str, moment: Moment) -> Escalation:
    """End an escalation because a person has seen it, and with it what triage was asked about it (2 items).

    Raises `NotFound`.
    """
    escalation = town.escalations.pop(BeadId(escalation_id), None)
    if escalation is None:
        raise NotFound(f"Escalation {escalation_id} not found")
    escalation.acknowledged_at, escalation.acknowledged_by = moment.now, by
    town.finals[escalation.id] = escalation
    if escalation.cause == ABOUT_CONTAINER:
        town.container.failures, town.container.not_before = 0, None
    close_requests_of(town, escalation.id, by, moment)
    town.note(
        Note(bead_id=escalation.bead_id or escalation.id, type="triage_resolved", at=moment.now, new="acknowledged")
    )
    return escalation
