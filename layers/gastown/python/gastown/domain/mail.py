"""Mail: a letter from one agent (or person) to another, delivered once; its body is a text of its own."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gastown.domain.ids import AgentId, BeadId, CommandId


class MailState(StrEnum):
    """How far a letter has come; the last three end it."""

    OPEN = "open"
    DELIVERED = "delivered"
    EXPIRED = "expired"
    DROPPED = "dropped"
    """Its recipient was deleted."""


@dataclass(kw_only=True)
class Mail:
    """One letter."""

    id: BeadId
    sender: str
    recipient: AgentId
    title: str
    """Its subject."""
    created_at: datetime
    state: MailState = MailState.OPEN
    command: CommandId | None = None
    """What carries it at the moment."""
    tries: int = 0
    not_before: datetime | None = None
    closed_at: datetime | None = None
