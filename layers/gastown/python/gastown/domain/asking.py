"""Triage requests: questions about agents in trouble, opened once each and closed when somebody has answered."""

from dataclasses import dataclass, field

from gastown.domain.agent import Agent
from gastown.domain.attempts import BATCHES
from gastown.domain.event import Note
from gastown.domain.ids import BeadId, Moment, RigId
from gastown.domain.limits import MAX_TRIAGE_REQUESTS
from gastown.domain.town import Town
from gastown.domain.triage import TriageAction, TriageRequest, TriageType

STUCK_OPTIONS = (
    TriageAction.RESTART,
    TriageAction.RESTART_WITH_BACKOFF,
    TriageAction.NUDGE,
    TriageAction.REASSIGN_BEAD,
    TriageAction.CLOSE_BEAD,
    TriageAction.ESCALATE_TO_MAYOR,
    TriageAction.DISCARD,
)
"""What may be done about an agent that does not get on (town facts, 2.11)."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a triage request asks; `bead_id` says which work it is about, if not the agent's hook."""

    type: TriageType
    title: str
    bead_id: BeadId | None = None
    rig_id: RigId | None = None
    escalation_id: BeadId | None = None
    context: dict[str, object] = field(default_factory=dict)
    options: tuple[TriageAction, ...] = STUCK_OPTIONS


def works_on_triage(town: Town, agent: Agent) -> bool:
    """Whether an agent answers triage requests: its own trouble is never one, so that triage cannot feed itself."""
    bead = town.beads.get(agent.hook) if agent.hook else None
    return bead is not None and bead.is_triage_batch


def open_triage_request(town: Town, agent: Agent, question: Question, moment: Moment) -> TriageRequest | None:
    """Open one request about an agent (1 item), with a snapshot of what it is on.

    None if one of this type is open for it, if five are open that are no escalations, or if it works on triage itself.
    """
    known = [request for request in town.triage.values() if request.type is not TriageType.ESCALATION]
    full = question.type is not TriageType.ESCALATION and len(known) >= MAX_TRIAGE_REQUESTS
    twin = any(r.type is question.type and r.agent_id == agent.id for r in town.triage.values())
    if full or twin or works_on_triage(town, agent):
        return None
    request = TriageRequest(
        id=BeadId(moment.new_id()),
        type=question.type,
        title=question.title[:200],
        created_at=moment.now,
        agent_id=agent.id,
        bead_id=question.bead_id or agent.hook,
        rig_id=question.rig_id or agent.rig_id,
        escalation_id=question.escalation_id,
        context=question.context,
        options=list(question.options),
    )
    town.triage[request.id] = request
    asked: dict[str, object] = {"type": "issue", "title": request.title, "triage_type": str(request.type)}
    town.note(Note(bead_id=request.id, type="created", at=moment.now, agent_id=agent.id, new="open", metadata=asked))
    return request


def close_request(
    town: Town, request: TriageRequest, action: TriageAction, notes: str | None, by: str, moment: Moment
) -> None:
    """End an open request with its answer; it stays readable as an ended one (1 item)."""
    request.resolution, request.notes, request.resolved_by, request.closed_at = action, notes, by, moment.now
    del town.triage[request.id]
    town.finals[request.id] = request
    answer: dict[str, object] = {"action": str(action), "resolved_by": by, "request_id": request.id}
    subject = request.bead_id or request.id
    town.note(Note(bead_id=subject, type="triage_resolved", at=moment.now, new=str(action), metadata=answer))


def close_requests_of(town: Town, escalation_id: BeadId, by: str, moment: Moment) -> None:
    """End what was asked because of an escalation that a person has seen."""
    for request in [one for one in town.triage.values() if one.escalation_id == escalation_id]:
        close_request(town, request, TriageAction.DISCARD, "its escalation was acknowledged", by, moment)


def is_answerable(request: TriageRequest) -> bool:
    """Whether triage agents may still be asked; after three batches without an answer a person is."""
    return not BATCHES.is_over(request.rounds)
