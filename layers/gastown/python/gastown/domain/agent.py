"""An agent: a name that works on one hook at a time, in numbered runs.

`idle` without hook; `idle` hooked (waits for the container); `working` (run open).
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gastown.domain.ids import AgentId, BeadId, RigId, short

POLECAT_NAMES = (
    "Toast", "Maple", "Birch", "Shadow", "Clover", "Ember", "Sage", "Dusk", "Flint", "Coral",
    "Slate", "Reed", "Thorn", "Pike", "Moss", "Wren", "Blaze", "Gale", "Drift", "Lark",
)  # fmt: skip
"""Allocation order of polecat names, town-wide (town facts, section 3)."""


class Role(StrEnum):
    """What an agent may do."""

    POLECAT = "polecat"
    REFINERY = "refinery"
    MAYOR = "mayor"


class AgentStatus(StrEnum):
    """The reference's operational states that this town uses."""

    IDLE = "idle"
    WORKING = "working"
    WAITING = "waiting"
    """Only the mayor: its session lives and its turn is over."""
    STALLED = "stalled"
    """Told to stop by the stuck ladder; its run ends as soon as the container says so."""


class RunEnd(StrEnum):
    """How a run ended (state machines, words)."""

    DONE = "done"
    APPROVE = "approve"
    CHANGES = "changes"
    RELEASED = "released"
    COMPLETED = "completed"
    EVICTED = "evicted"
    LOST = "lost"
    REFUSED = "refused"
    CANCELLED = "cancelled"


@dataclass(kw_only=True)
class Run:
    """One dispatch of one agent on one bead or review."""

    dispatch: int
    hook: BeadId
    branch: str
    sha: str | None
    asked_at: datetime
    generation: int
    accepted_at: datetime | None = None
    saved_sha: str | None = None
    """The commit on the remote that holds its work, as its container last said."""
    ended: RunEnd | None = None
    ended_at: datetime | None = None
    warned_at: datetime | None = None
    """When the stuck ladder nudged the agent, took its case to triage, and told it to stop."""
    escalated_at: datetime | None = None
    stalled_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing has ended it yet."""
        return self.ended is None


@dataclass(kw_only=True)
class Agent:
    """One agent of one rig; `run` is its current or last run."""

    id: AgentId
    rig_id: RigId
    role: Role
    name: str
    identity: str
    created_at: datetime
    status: AgentStatus = AgentStatus.IDLE
    hook: BeadId | None = None
    hooked_at: datetime | None = None
    dispatch: int = 0
    run: Run | None = None
    checkpoint: object = None
    status_message: str | None = None
    status_updated_at: datetime | None = None
    last_activity_at: datetime | None = None
    crashes: list[datetime] = field(default_factory=list)
    """When its last runs were lost or ended without `done`; at most three are kept."""
    viewed_until: datetime | None = None
    """How long a person may be watching its session; later nobody is looked for."""

    @property
    def open_run(self) -> Run | None:
        """The run under way, if there is one."""
        return self.run if self.run is not None and self.run.is_open else None


def slug(name: str) -> str:
    """An agent's name as a part of a branch name (container facts, 3.6)."""
    return re.sub(r"-+", "-", re.sub(r"[^a-z0-9-]", "-", name.lower()))


def run_branch(agent: Agent, hook: BeadId, dispatch: int, feature: str | None) -> str:
    """A branch of its own for each dispatch, beside the convoy's feature branch if there is one."""
    prefix = feature.removesuffix("head") if feature and feature.endswith("/head") else ""
    return f"{prefix}gt/{slug(agent.name)}/{short(hook)}-{dispatch}"
