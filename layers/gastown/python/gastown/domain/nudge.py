"""A nudge: a short word to one agent, kept once until it is delivered, has expired, or its agent is gone.

pending ─pushed and accepted─▶ delivered        too old ─▶ expired        its agent is gone ─▶ dropped
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gastown.domain.ids import AgentId, BeadId, CommandId


class NudgeMode(StrEnum):
    """When it reaches the agent (town facts, 1.1)."""

    WAIT_IDLE = "wait-idle"
    IMMEDIATE = "immediate"
    QUEUE = "queue"
    """Never pushed: the agent fetches it."""


class NudgePriority(StrEnum):
    """Urgent ones are delivered first."""

    NORMAL = "normal"
    URGENT = "urgent"


class NudgeState(StrEnum):
    """How far it has come; the last three end it."""

    PENDING = "pending"
    HEARD = "heard"
    """Only the mayor's: taken, and its turn is not over."""
    DELIVERED = "delivered"
    EXPIRED = "expired"
    DROPPED = "dropped"
    """Its agent was deleted."""


@dataclass(kw_only=True)
class Nudge:
    """One nudge; `source` says who or what sent it."""

    id: BeadId
    agent_id: AgentId
    message: str
    created_at: datetime
    mode: NudgeMode = NudgeMode.WAIT_IDLE
    priority: NudgePriority = NudgePriority.NORMAL
    source: str = "system"
    expires_at: datetime | None = None
    state: NudgeState = NudgeState.PENDING
    is_long: bool = False
    """Whether `message` is only the beginning, and the whole is a text of its own."""
    command: CommandId | None = None
    """What carries it at the moment."""
    tries: int = 0
    not_before: datetime | None = None
    closed_at: datetime | None = None

    @property
    def title(self) -> str:
        """Its beginning, for lists."""
        return self.message[:100]
