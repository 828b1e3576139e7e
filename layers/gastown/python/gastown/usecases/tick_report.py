"""What a tick did, for log, metrics and the debug door."""

from dataclasses import dataclass, field
from datetime import datetime

from gastown.domain.event import Note
from gastown.metrics import Metric

WATCHED = frozenset({Metric.PR_POLL_FAILED, Metric.PR_AWAITING_APPROVAL, Metric.PR_APPROVAL_RESOLVED})
"""Types of lines of history that operators watch."""


@dataclass(kw_only=True)
class TickReport:
    """Everything that one tick did; of a tick whose commit had to be tried again, what the last try did."""

    town_id: str
    version: int = 0
    committed: bool = False
    events: int = 0
    refused: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)
    """How many actions there were of each kind; a job's slice is one of the kind `Job`."""
    told: list[Note] = field(default_factory=list)
    """Lines of history of the types in `WATCHED`."""
    escalations: int = 0
    """How many were opened."""
    pending: int = 0
    """Events that wait in the inbox afterwards."""
    effects: int = 0
    rounds: int = 0
    retries: int = 0
    """Tries after the first, because somebody else had committed or an answer was lost."""
    more: bool = False
    wake_at: datetime | None = None

    def did(self, kind: str, reason: str, *, subject: str = "") -> None:
        """Keep one action by its kind and reason."""
        self.actions.append(f"{kind}{subject}: {reason}")
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
