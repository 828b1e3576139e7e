"""What the town does about trouble by itself: the stuck ladder, crash loops, and asking triage agents in batches."""

from gastown.domain.agent import Agent, AgentStatus
from gastown.domain.asking import Question, close_request, is_answerable, open_triage_request
from gastown.domain.bead import TRIAGE, Bead, BeadStatus, Priority
from gastown.domain.ending import end_bead, stop_session
from gastown.domain.escalation import Severity
from gastown.domain.event import Note
from gastown.domain.ids import BeadId, Moment, RigId
from gastown.domain.limits import MAX_BATCH, MAX_TRIAGE_ROUNDS
from gastown.domain.nudge import NudgeMode, NudgePriority
from gastown.domain.nudging import queue_nudge
from gastown.domain.town import Town
from gastown.domain.triage import TriageAction, TriageRequest, TriageType
from gastown.domain.warning import raise_escalation

PATROL = "patrol"
"""Who opens triage batches, as their `created_by` says."""

WARNING = (
    "You have shown no activity for a while. Go on with your task, or if you cannot, say so with `gt escalate`; "
    "say where you are with `gt status`."
)
LAST_WARNING = (
    "You have shown no activity for an hour, and triage has been asked about you. Push what you have and go on, or "
    "call for help with `gt escalate`; without activity you will be stopped."
)


def warn_agent(town: Town, agent: Agent, reason: str, moment: Moment) -> None:
    """The first step: speak to a silent agent (2 items)."""
    run = agent.open_run
    if run is not None:
        run.warned_at = moment.now
        _nudge(town, agent, f"{WARNING} ({reason})", "warn", moment)


def escalate_agent(town: Town, agent: Agent, reason: str, moment: Moment) -> None:
    """The second step: speak to it again, and ask triage (3 items)."""
    run = agent.open_run
    if run is not None:
        run.escalated_at = moment.now
        _nudge(town, agent, f"{LAST_WARNING} ({reason})", "escalate", moment)
        _ask_about(town, agent, TriageType.STUCK_AGENT, reason, moment)


def stall_agent(town: Town, agent: Agent, reason: str, moment: Moment) -> None:
    """The third step: tell it to stop, and ask triage if nobody has (3 items). Its run ends when it has stopped."""
    run = agent.open_run
    if run is not None:
        run.stalled_at, agent.status = moment.now, AgentStatus.STALLED
        stop_session(town, agent, reason, moment)
        _ask_about(town, agent, TriageType.STUCK_AGENT, reason, moment)


def report_crash_loop(town: Town, agent: Agent, reason: str, moment: Moment) -> None:
    """Ask triage about an agent whose runs keep coming to nothing, and count anew (2 items)."""
    agent.crashes = []
    _ask_about(town, agent, TriageType.CRASH_LOOP, reason, moment)


def _nudge(town: Town, agent: Agent, words: str, step: str, moment: Moment) -> None:
    mode, urgent = NudgeMode.IMMEDIATE, NudgePriority.URGENT
    queue_nudge(town, agent.id, words, moment, mode=mode, priority=urgent, source=f"reconciler:{step}")


def _ask_about(town: Town, agent: Agent, kind: TriageType, reason: str, moment: Moment) -> None:
    last = agent.run.hook if agent.run else None
    on = last if last in town.beads or last in town.reviews else None
    title = f"{agent.name} ({agent.role}): {str(kind).replace('_', ' ')}"
    question = Question(type=kind, title=title, bead_id=agent.hook or on, context={"reason": reason})
    open_triage_request(town, agent, question, moment)


def batch_of(town: Town) -> Bead | None:
    """The live triage batch, if there is one; there is never more than one."""
    return next((bead for bead in town.beads.values() if bead.is_triage_batch), None)


def triage_rig(town: Town) -> RigId | None:
    """Where the next batch is opened: the oldest rig that stays."""
    staying = [rig for rig in town.rigs.values() if not rig.is_leaving]
    return min(staying, key=lambda rig: (rig.created_at, rig.id)).id if staying else None


def waiting_requests(town: Town) -> list[TriageRequest]:
    """The requests that triage agents may still answer, oldest first."""
    return sorted((r for r in town.triage.values() if is_answerable(r)), key=lambda r: (r.created_at, r.id))


def open_batch(town: Town, rig_id: RigId, moment: Moment) -> Bead:
    """Open one bead whose agent answers the oldest requests (1 + 20 items); each of them has one round less left."""
    chosen = waiting_requests(town)[:MAX_BATCH]
    batch = Bead(
        id=BeadId(moment.new_id()),
        rig_id=rig_id,
        title=f"Triage: {len(chosen)} open request{'' if len(chosen) == 1 else 's'}",
        created_at=moment.now,
        updated_at=moment.now,
        priority=Priority.HIGH,
        labels=[TRIAGE],
        created_by=PATROL,
    )
    town.beads[batch.id] = batch
    town.texts[batch.id] = "\n\n".join(_describe(town, request) for request in chosen)
    made: dict[str, object] = {"type": "issue", "title": batch.title}
    town.note(Note(bead_id=batch.id, type="created", at=moment.now, new="open", metadata=made))
    for request in chosen:
        request.rounds += 1
    town.triage_not_before = None
    return batch


def _describe(town: Town, request: TriageRequest) -> str:
    agent = town.agents.get(request.agent_id) if request.agent_id else None
    held = (town.beads.get(request.bead_id) or town.reviews.get(request.bead_id)) if request.bead_id else None
    facts = [
        f"type: {request.type}",
        f"opened: {request.created_at:%Y-%m-%d %H:%M} UTC",
        f"agent: {agent.name} ({agent.role}), {agent.status}" if agent else "agent: gone",
        f"bead: {held.id} {held.title} ({held.attempts} starts)" if held else f"bead: {request.bead_id or 'none'}",
        *(f"{name}: {value}" for name, value in request.context.items()),
        f"options: {', '.join(request.options)}",
    ]
    return "\n".join([f"Request {request.id}: {request.title}", *(f"  {fact}" for fact in facts)])


def end_batch(town: Town, batch: Bead, moment: Moment) -> None:
    """Close a batch that nobody needs any more; what was asked and answered stays as it is (4 items)."""
    end_bead(town, batch, BeadStatus.CLOSED, "triaged", moment)


def hand_over(town: Town, request: TriageRequest, reason: str, moment: Moment) -> None:
    """Take a request to people: they have its escalation, or get one now (3 items)."""
    if request.escalation_id not in town.escalations:
        raise_escalation(
            town,
            moment,
            cause=f"triage:{request.id}",
            severity=Severity.HIGH,
            title=f"Triage did not answer: {request.title}"[:200],
            message=f"{reason}. {request.context.get('reason', '')}".strip(),
            bead_id=request.bead_id,
            rig_id=request.rig_id,
            source_agent=request.agent_id,
        )
    close_request(town, request, TriageAction.ESCALATE, f"unanswered {MAX_TRIAGE_ROUNDS} times", "reconciler", moment)
