"""A job: work too long for one commit, done slice by slice. Each commit moves its cursor."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class JobKind(StrEnum):
    """What can take longer than one commit."""

    REMOVE_RIG = "remove_rig"
    DELETE_BEADS = "delete_beads"
    """Live and ended beads by id."""
    DELETE_BY_STATUS = "delete_by_status"
    """All beads of a rig in one status, and of one type if named."""


@dataclass(kw_only=True)
class Job:
    """One job; a town with a job is due now (design section 2)."""

    id: str
    kind: JobKind
    created_at: datetime
    arguments: dict[str, object] = field(default_factory=dict)
    cursor: str | None = None
    """Where the next slice begins; none at the beginning."""
    done: int = 0
    """How many things were dealt with so far."""
    pending: list[str] = field(default_factory=list)
    """Ids that left the working set with the last slice; their rows are deleted before the next one commits."""
    failures: int = 0
    """Slices in a row that raised; after five the job is set aside."""
    error: str | None = None
    not_before: datetime | None = None
    set_aside: bool = False

    def is_due(self, now: datetime) -> bool:
        """Whether its next slice may be worked on."""
        return not self.set_aside and (self.not_before is None or self.not_before <= now)
