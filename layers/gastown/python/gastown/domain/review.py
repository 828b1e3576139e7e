"""A review (merge request): one sha on its way to one target branch.

    queued ─▶ reviewing ─approved─▶ (watching, strategy pr) ─▶ merging ─▶ merged
      ▲          │ changes                 │ feedback, conflict   │ gate red      used up ─▶ failed
      └─ fixing ◀┴─────────────────────────┴──────────────────────┘

The platform merges, not the model: an approval names a sha and a merge merges exactly it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gastown.domain.ids import AgentId, BeadId, CommandId, RigId
from gastown.domain.pull import MergeStrategy
from gastown.domain.watch import Watch


class ReviewPhase(StrEnum):
    """Where a review stands (state machines, review)."""

    QUEUED = "queued"
    REVIEWING = "reviewing"
    FIXING = "fixing"
    WATCHING = "watching"
    MERGING = "merging"
    MERGED = "merged"
    FAILED = "failed"


OVER = frozenset({ReviewPhase.MERGED, ReviewPhase.FAILED})


@dataclass(frozen=True, kw_only=True)
class GateResult:
    """One gate command as it ended; `output` is its tail."""

    command: str
    exit_code: int
    seconds: float
    output: str = ""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What was merged, by whom it was approved and what the gates said (design section 5)."""

    sha: str
    commit_sha: str
    tree: str | None
    target_branch: str
    approved_by: AgentId | None
    merged_at: datetime
    outside: bool = False
    """Whether somebody else than the platform merged it."""
    gates: list[GateResult] = field(default_factory=list)


@dataclass(kw_only=True)
class Review:
    """One review; `source_id` is the bead it judges, or none for the landing of a convoy."""

    id: BeadId
    rig_id: RigId
    title: str
    branch: str
    sha: str
    target_branch: str
    base_branch: str
    created_at: datetime
    updated_at: datetime
    source_id: BeadId | None = None
    strategy: MergeStrategy = MergeStrategy.DIRECT
    """How it is merged: as the rig's settings said when it was made."""
    watch: Watch = field(default_factory=Watch)
    """Its pull request, for the strategy `pr`."""
    is_adopted: bool = False
    """Whether it is somebody else's pull request that the town looks after; no refinery judges it."""
    force_push_allowed: bool = False
    """Whether agents may rewrite the branch of an adopted request."""
    convoy_id: BeadId | None = None
    phase: ReviewPhase = ReviewPhase.QUEUED
    assignee: AgentId | None = None
    attempts: int = 0
    refusals: int = 0
    """Starts in a row that infrastructure refused; they cost no attempt and wait longer each time."""
    rounds: int = 0
    not_before: datetime | None = None
    approved_sha: str | None = None
    approved_by: AgentId | None = None
    approved_at: datetime | None = None
    merge_attempt: int = 0
    merge_tries: int = 0
    merge_command: CommandId | None = None
    merge_asked_at: datetime | None = None
    merge_started_at: datetime | None = None
    abandoned: bool = False
    last_fix: str | None = None
    """How the last of its fixes ended: a failed one fails the review."""
    failure: str | None = None
    receipt: Receipt | None = None
    summary: str | None = None
    closed_at: datetime | None = None

    @property
    def is_landing(self) -> bool:
        """Whether it lands a convoy's feature branch."""
        return self.source_id is None and not self.is_adopted

    @property
    def is_merge_asked(self) -> bool:
        """Whether a merge is under way that cannot be called back."""
        return self.phase is ReviewPhase.MERGING and (self.merge_command is not None or self.watch.is_merging)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, one way or the other."""
        return self.phase in OVER
