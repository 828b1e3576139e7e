"""A command waits in the town until the container has fetched, acknowledged and, where it matters, reported it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gastown.domain.ids import AgentId, BeadId, CommandId, RigId


class CommandKind(StrEnum):
    """What a container can be told (design section 3)."""

    START = "start"
    STOP = "stop"
    MESSAGE = "message"
    MODEL = "model"
    CONFIG = "config"
    MERGE = "merge"
    SETUP = "setup"
    DRAIN = "drain"


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command for one generation; what it needs beside these ids is filled in when it is fetched."""

    id: CommandId
    kind: CommandKind
    generation: int
    created_at: datetime
    rig_id: RigId | None = None
    agent_id: AgentId | None = None
    dispatch: int | None = None
    review_id: BeadId | None = None
    attempt: int | None = None
    payload: dict[str, object] = field(default_factory=dict)
