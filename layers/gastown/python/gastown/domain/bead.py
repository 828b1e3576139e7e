"""A bead: one piece of work, for one agent at a time.

    open ─assigned─▶ open + hook ─dispatched─▶ in_progress ─done─▶ in_review ─merged─▶ closed
      ▲                                            │ lost, refused      │ review failed
      └────────────────── backoff ─────────────────┴────────────────────┘        used up ─▶ failed

`closed` and `failed` never change. A fix bead (rework, conflict, feedback) lives only under a live review.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gastown.domain.ids import AgentId, BeadId, RigId


class BeadStatus(StrEnum):
    """The reference's five states (api facts, 6.1)."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    IN_REVIEW = "in_review"
    CLOSED = "closed"
    FAILED = "failed"


class Priority(StrEnum):
    """How urgent; `medium` unless said."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


HELD = "gt:held"
REWORK = "gt:rework"
FEEDBACK = "gt:pr-feedback"
CONFLICT = "gt:pr-conflict"
FIXES = frozenset({REWORK, FEEDBACK, CONFLICT})
"""Labels of work under a review; only the town gives them."""
TRIAGE = "gt:triage"
TERMINAL = frozenset({BeadStatus.CLOSED, BeadStatus.FAILED})


@dataclass(frozen=True, kw_only=True)
class LeftWork:
    """What a run left that ended without `done`: its ref and branch on the remote, and what is known to be saved."""

    ref: str
    branch: str
    agent_name: str
    ended: str
    at: datetime
    sha: str | None = None


@dataclass(kw_only=True)
class Bead:
    """A task or a fix; its body is a text of its own, read when somebody works on it."""

    id: BeadId
    rig_id: RigId
    title: str
    created_at: datetime
    updated_at: datetime
    status: BeadStatus = BeadStatus.OPEN
    priority: Priority = Priority.MEDIUM
    labels: list[str] = field(default_factory=list)
    metadata: dict[str, object] = field(default_factory=dict)
    created_by: str | None = None
    parent_id: BeadId | None = None
    """The review that a fix belongs to."""
    convoy_id: BeadId | None = None
    blockers: list[BeadId] = field(default_factory=list)
    assignee: AgentId | None = None
    attempts: int = 0
    refusals: int = 0
    """Starts in a row that infrastructure refused; they cost no attempt and wait longer each time."""
    total_attempts: int = 0
    rejections: int = 0
    not_before: datetime | None = None
    last_attempt_at: datetime | None = None
    accepted_sha: str | None = None
    """The head of the last accepted `done`; the next dispatch starts from it."""
    left_work: list[LeftWork] = field(default_factory=list)
    """What runs since then left, newest first; the next dispatch goes on from the first that is there."""
    checkpoint: object = None
    """What the last run saved before it was lost; the next agent on this bead gets it."""
    outcome: str | None = None
    """Why it ended: merged, accepted, person, review_over, exhausted, rejected, convoy_closed, triaged, triage_close,
    agent."""
    failure: str | None = None
    closed_at: datetime | None = None
    started_at: datetime | None = None
    replaced_by: BeadId | None = None
    """The bead that a person had made in its place after it failed."""

    @property
    def is_fix(self) -> bool:
        """Whether its `done` goes to the parent review and not into a review of its own."""
        return not FIXES.isdisjoint(self.labels)

    @property
    def is_triage_batch(self) -> bool:
        """Whether its agent answers triage requests instead of changing code."""
        return TRIAGE in self.labels and self.created_by == "patrol"

    @property
    def is_held(self) -> bool:
        """Whether a person said to wait."""
        return HELD in self.labels

    @property
    def is_over(self) -> bool:
        """Whether it has ended, one way or the other."""
        return self.status in TERMINAL


@dataclass(frozen=True, kw_only=True)
class Stub:
    """What stays in the working set of an ended bead while a blocker edge or a convoy refers to it."""

    id: BeadId
    title: str
    status: BeadStatus
    outcome: str | None = None
    sha: str | None = None
