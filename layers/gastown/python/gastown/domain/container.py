"""The town's container: `none → claimed → starting → ready → draining → none`, under a rising generation."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ContainerState(StrEnum):
    """Where the town's one container stands (state machines, container)."""

    NONE = "none"
    CLAIMED = "claimed"
    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


@dataclass(kw_only=True)
class Container:
    """What the town knows of its container; the numbers of older generations never come back."""

    state: ContainerState = ContainerState.NONE
    generation: int = 0
    task_arn: str | None = None
    instance_id: str | None = None
    connection_id: str | None = None
    deadline: datetime | None = None
    registered_at: datetime | None = None
    not_before: datetime | None = None
    failures: int = 0
    idle_since: datetime | None = None
    suspected_at: datetime | None = None
    vouched_at: datetime | None = None
    """When ECS last said that a silent container runs."""
    last_error: str | None = None
    evicted: bool = False
    """Whether the container before this state left by plan: what ran in it costs no attempt."""


@dataclass(frozen=True, kw_only=True)
class AgentPulse:
    """What one heartbeat said of one agent."""

    dispatch: int
    at: datetime
    activity: dict[str, object] = field(default_factory=dict)
    saved_sha: str | None = None


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """The last heartbeat of one generation, with all its agents."""

    generation: int
    at: datetime
    agents: dict[str, AgentPulse] = field(default_factory=dict)
