"""A town event: something that happened outside and waits in the inbox until a tick has applied it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """Everything that can arrive."""

    CONTAINER_EVICTED = "container_evicted"
    COMMAND_ACKED = "command_acked"
    AGENT_DONE = "agent_done"
    AGENT_COMPLETED = "agent_completed"
    MAYOR_WAITING = "mayor_waiting"
    MERGE_REPORTED = "merge_reported"
    SETUP_REPORTED = "setup_reported"
    TASK_ACCEPTED = "task_accepted"
    TASK_REFUSED = "task_refused"
    TASK_CHECKED = "task_checked"
    TASK_STOPPED = "task_stopped"
    EXECUTION_CHANGED = "execution_changed"
    WAIT_ANSWERED = "wait_answered"
    EFFECT_FAILED = "effect_failed"
    PULL_OPENED = "pull_opened"
    PULL_POLLED = "pull_polled"
    PULL_MERGED = "pull_merged"
    PULL_REFUSED = "pull_refused"
    PULL_TOUCHED = "pull_touched"
    BRANCH_MADE = "branch_made"


@dataclass(frozen=True, kw_only=True)
class TownEvent:
    """One delivery; `key` is its inbox key, `failures` counts ticks in which applying it raised."""

    key: str
    kind: EventKind
    at: datetime
    data: dict[str, object] = field(default_factory=dict)
    failures: int = 0
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Note:
    """One line of a bead's history, as the reference names it (api facts, 6.1)."""

    bead_id: str
    type: str
    at: datetime
    agent_id: str | None = None
    old: str | None = None
    new: str | None = None
    metadata: dict[str, object] = field(default_factory=dict)
