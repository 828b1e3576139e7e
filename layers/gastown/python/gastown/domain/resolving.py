"""Answers to triage requests: what triage agents, or people, have done about an agent in trouble.

An answer acts on the bead that the request names, and on its agent only while it is still on that bead: somebody may
have helped meanwhile.
"""

from dataclasses import dataclass

from gastown.domain.agent import Agent, Role, RunEnd
from gastown.domain.asking import close_request
from gastown.domain.attempts import STARTS
from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.ending import fail_bead, fail_review, lose_run, stop_session
from gastown.domain.errors import Invalid, NotFound
from gastown.domain.escalation import Severity
from gastown.domain.hooking import has_slot, hire, hook
from gastown.domain.ids import BeadId, Moment
from gastown.domain.limits import MAX_RIG_AGENTS, MAX_TRIAGE_NOTES
from gastown.domain.nudge import NudgeMode, NudgePriority
from gastown.domain.nudging import queue_nudge
from gastown.domain.review import Review, ReviewPhase
from gastown.domain.telling import tell_mayor
from gastown.domain.town import Town
from gastown.domain.triage import TriageAction, TriageRequest
from gastown.domain.warning import acknowledge_escalation, raise_escalation

Held = Bead | Review
RESTARTS = frozenset({TriageAction.RESTART, TriageAction.RESTART_WITH_BACKOFF})
WORDS = frozenset({TriageAction.NUDGE, TriageAction.PROVIDE_GUIDANCE})
UPWARD = frozenset({TriageAction.ESCALATE, TriageAction.ESCALATE_TO_MAYOR})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What to do about a request, in whose name, and why."""

    action: TriageAction
    by: str
    notes: str = ""


def resolve_triage(town: Town, request_id: str, answer: Answer, moment: Moment) -> TriageRequest:
    """Carry out the answer to an open request and close it (20 items). Raises `NotFound`, `Invalid`."""
    request = town.triage.get(BeadId(request_id))
    if request is None:
        raise NotFound(f"Triage request {request_id} is not open")
    if len(answer.notes) > MAX_TRIAGE_NOTES:
        raise Invalid(f"Notes have at most {MAX_TRIAGE_NOTES} characters", field="resolution_notes")
    told = _act(town, request, answer, moment)
    close_request(town, request, answer.action, answer.notes or None, answer.by, moment)
    if told and request.escalation_id in town.escalations:
        acknowledge_escalation(town, request.escalation_id, answer.by, moment)
    return request


def _act(town: Town, request: TriageRequest, answer: Answer, moment: Moment) -> bool:
    """Do what the answer says; whether that settles the escalation behind the request."""
    agent = town.agents.get(request.agent_id) if request.agent_id else None
    target = request.bead_id or (agent.hook if agent else None)
    held = (town.beads.get(target) or town.reviews.get(target)) if target else None
    on_it = agent if agent is not None and held is not None and agent.hook == held.id else None
    if answer.action in UPWARD:
        return _take_up(town, request, answer, moment)
    if answer.action in RESTARTS:
        _restart(town, on_it, held, answer, moment)
    elif answer.action is TriageAction.REASSIGN_BEAD:
        _reassign(town, on_it, held, answer, moment)
    elif answer.action is TriageAction.CLOSE_BEAD:
        _close(town, held, answer, moment)
    elif answer.action in WORDS:
        _speak(town, on_it if target else agent, answer, moment)
    return True


def _end(town: Town, agent: Agent | None, answer: Answer, moment: Moment) -> None:
    """End the run of an agent that is still on the bead: it counts like any lost one, so the caps hold."""
    if agent is not None and agent.open_run is not None:
        reason = f"triage: {answer.action}"
        stop_session(town, agent, reason, moment)
        lose_run(town, agent, RunEnd.LOST, moment, reason=reason)


def _restart(town: Town, agent: Agent | None, held: Held | None, answer: Answer, moment: Moment) -> None:
    _end(town, agent, answer, moment)
    if answer.action is TriageAction.RESTART_WITH_BACKOFF and held is not None and _is_queued(held):
        held.not_before, held.updated_at = moment.now + STARTS.waits[-1], moment.now


def _is_queued(held: Held) -> bool:
    return held.status is BeadStatus.OPEN if isinstance(held, Bead) else held.phase is ReviewPhase.QUEUED


def _reassign(town: Town, agent: Agent | None, held: Held | None, answer: Answer, moment: Moment) -> None:
    """Another polecat gets the bead at once, and starts when its backoff is over; a review stays with its refinery."""
    _end(town, agent, answer, moment)
    if agent is None or not isinstance(held, Bead) or held.assignee is not None or not town.is_ready(held):
        return
    other = _other_polecat(town, agent, moment) if has_slot(town, held.rig_id) else None
    if other is not None:
        hook(town, other, held, moment)


def _other_polecat(town: Town, agent: Agent, moment: Moment) -> Agent | None:
    rigs = [one for one in town.agents.values() if one.rig_id == agent.rig_id]
    free = (one for one in rigs if one.role is Role.POLECAT and one.hook is None and one.open_run is None)
    other = next((one for one in free if one.id != agent.id), None)
    if other is None and len(rigs) < MAX_RIG_AGENTS:
        other = hire(town, agent.rig_id, Role.POLECAT, moment)
    return other


def _close(town: Town, held: Held | None, answer: Answer, moment: Moment) -> None:
    why = f"triage closed it: {answer.notes}" if answer.notes else "triage closed it"
    if isinstance(held, Bead):
        fail_bead(town, held, "triage_close", why, moment)
    elif held is not None and not held.is_merge_asked:  # a merge under way is let finish
        fail_review(town, held, "triage_close", moment)


def _speak(town: Town, agent: Agent | None, answer: Answer, moment: Moment) -> None:
    if agent is None:
        return
    urgent = answer.action is TriageAction.NUDGE
    queue_nudge(
        town,
        agent.id,
        answer.notes.strip() or "Triage looked at you and found you silent. Go on with your task, or call for help.",
        moment,
        mode=NudgeMode.IMMEDIATE if urgent else NudgeMode.WAIT_IDLE,
        priority=NudgePriority.URGENT if urgent else NudgePriority.NORMAL,
        source="triage",
    )


def _take_up(town: Town, request: TriageRequest, answer: Answer, moment: Moment) -> bool:
    """Whether the mayor has it now; otherwise people have an escalation that nobody has acknowledged."""
    if answer.action is TriageAction.ESCALATE_TO_MAYOR:
        words = f"[Triage] {request.title}\n{answer.notes}".strip()
        if tell_mayor(town, words, moment, source="triage") is not None:
            return True
    if request.escalation_id not in town.escalations:
        raise_escalation(
            town,
            moment,
            cause=f"triage:{request.id}",
            severity=Severity.HIGH,
            title=f"Triage asks for a person: {request.title}",
            message=answer.notes or str(request.context.get("reason", "")),
            bead_id=request.bead_id,
            rig_id=request.rig_id,
            source_agent=request.agent_id,
        )
    return False
