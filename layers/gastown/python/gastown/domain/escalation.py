"""An escalation: something that a person has to look at, raised once per cause."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gastown.domain.ids import BeadId, RigId

BEAD_FAILED = "bead_failed:"
"""How the cause of a failed bead's escalation begins; the bead's id follows."""


class Severity(StrEnum):
    """How bad it is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(kw_only=True)
class Escalation:
    """One open escalation; acknowledging it ends it."""

    id: BeadId
    cause: str
    """What it is about, as a key: the same cause is raised once while it is open."""
    severity: Severity
    title: str
    message: str
    created_at: datetime
    rig_id: RigId | None = None
    source_agent: str | None = None
    bead_id: BeadId | None = None
    metadata: dict[str, object] = field(default_factory=dict)
    category: str | None = None
    re_escalations: int = 0
    """How often it was raised by a step because nobody acknowledged it."""
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
