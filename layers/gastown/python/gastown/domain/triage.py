"""A triage request: a question about an agent or bead that a triage agent answers with one of a few actions."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gastown.domain.ids import AgentId, BeadId, RigId


class TriageType(StrEnum):
    """What is asked about (town facts, 1.1)."""

    STUCK_AGENT = "stuck_agent"
    CRASH_LOOP = "crash_loop"
    ESCALATION = "escalation"


class TriageAction(StrEnum):
    """How a request can be answered (api facts, 4.4)."""

    RESTART = "RESTART"
    RESTART_WITH_BACKOFF = "RESTART_WITH_BACKOFF"
    CLOSE_BEAD = "CLOSE_BEAD"
    ESCALATE = "ESCALATE"
    ESCALATE_TO_MAYOR = "ESCALATE_TO_MAYOR"
    NUDGE = "NUDGE"
    REASSIGN_BEAD = "REASSIGN_BEAD"
    DISCARD = "DISCARD"
    PROVIDE_GUIDANCE = "PROVIDE_GUIDANCE"


@dataclass(kw_only=True)
class TriageRequest:
    """One open request; `bead_id` is a snapshot of what the agent was on when it was asked."""

    id: BeadId
    type: TriageType
    title: str
    created_at: datetime
    agent_id: AgentId | None = None
    bead_id: BeadId | None = None
    rig_id: RigId | None = None
    escalation_id: BeadId | None = None
    context: dict[str, object] = field(default_factory=dict)
    options: list[TriageAction] = field(default_factory=list)
    rounds: int = 0
    """Triage batches that had this request and left it unanswered."""
    resolution: TriageAction | None = None
    notes: str | None = None
    resolved_by: str | None = None
    closed_at: datetime | None = None
