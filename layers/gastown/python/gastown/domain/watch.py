"""What a town knows of one review's pull request, and when it asks the provider again.

One thing is asked at a time: to open it, to look at it, or to merge it. Each ask has a number, and an answer to an
older number changes nothing.
"""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(kw_only=True)
class Watch:
    """A review's pull request as it was last seen."""

    url: str | None = None
    number: int | None = None
    claimed_url: str | None = None
    """What the agent said; the platform looks for the request of the branch itself and trusts no such word."""
    asks: int = 0
    asked_at: datetime | None = None
    """When the outstanding ask was made; none while no answer is awaited."""
    next_at: datetime | None = None
    """Nothing is asked before this moment; none means that the next tick may ask."""
    polled_at: datetime | None = None
    transient: int = 0
    """Transient refusals in a row (REQ-5.3)."""
    invalid: int = 0
    """Unreadable answers in a row (REQ-5.4)."""
    refusal: str | None = None
    """The kind of the last refusal, kept until an answer comes (REQ-5.9)."""
    said: str | None = None
    """What that refusal means for a person."""
    credential: str = ""
    """Where the credential of the last good look came from (REQ-4.5), never the credential itself."""
    merge_state: str = ""
    is_draft: bool = False
    decision: str | None = None
    awaiting_since: datetime | None = None
    """When it was first seen to await an approval, kept while it does."""
    conflict_sha: str | None = None
    """The head whose conflict was dealt with: one bead an episode."""
    demand_sha: str | None = None
    """The head of which changes were asked and became work: one bead a head."""
    green_since: datetime | None = None
    held_by: list[str] = field(default_factory=list)
    """What stood between it and its merge when it was last seen."""
    is_merging: bool = False
    """Whether the outstanding ask is a merge, which cannot be called back."""

    @property
    def is_asked(self) -> bool:
        """Whether an answer is awaited."""
        return self.asked_at is not None
