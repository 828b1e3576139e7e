"""A molecule: the steps of one bead, done one after the other by the agent on it."""

from dataclasses import dataclass, field
from datetime import datetime

from gastown.domain.bead import BeadStatus
from gastown.domain.ids import BeadId, RigId


@dataclass(kw_only=True)
class Step:
    """One step; its instructions are a text of its own."""

    id: BeadId
    title: str
    closed_at: datetime | None = None


@dataclass(kw_only=True)
class Molecule:
    """The steps of a bead; it ends with its last step, or with its bead."""

    id: BeadId
    bead_id: BeadId
    title: str
    created_at: datetime
    updated_at: datetime
    rig_id: RigId | None = None
    steps: list[Step] = field(default_factory=list)
    status: BeadStatus = BeadStatus.OPEN
    closed_at: datetime | None = None

    @property
    def current(self) -> Step | None:
        """The first step that is not done; none when all are."""
        return next((step for step in self.steps if step.closed_at is None), None)
