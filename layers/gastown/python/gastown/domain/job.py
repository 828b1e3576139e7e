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
