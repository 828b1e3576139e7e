"""The agents this container knows: one record each, with the highest dispatch number that was started or stopped."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from gastown.container.payloads import Beat, MayorStart, StartPayload
from gastown.container.resuming import Resumed
from gastown.container.runtimes.runtime import Session
from gastown.container.wallet import Wallet


class SessionStatus(StrEnum):
    """Where one agent's session stands."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    EXITED = "exited"
    FAILED = "failed"


ACTIVE = frozenset({SessionStatus.STARTING, SessionStatus.RUNNING})


@dataclass(kw_only=True)
class Record:
    """One run of one agent."""

    start: StartPayload | MayorStart
    dispatch: int
    status: SessionStatus = SessionStatus.STARTING
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    worktree: Path | None = None
    begun_at: str | None = None
    """The commit that its worktree began at."""
    resumed: Resumed | None = None
    saved_sha: str | None = None
    session: Session | None = None
    wallet: Wallet | None = field(default=None, repr=False)
    exit_reason: str | None = None
    watcher: asyncio.Task[None] | None = field(default=None, repr=False)
    saver: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def agent_id(self) -> str:
        """Whose run it is."""
        return self.start.agent.id

    def show(self) -> dict[str, object]:
        """What anybody may see of it: no environment, no credentials."""
        activity = self.session.activity() if self.session else None
        return {
            "agentId": self.agent_id,
            "rigId": self.start.rig_id,
            "role": self.start.agent.role,
            "name": self.start.agent.name,
            "dispatch": self.dispatch,
            "branch": self.start.branch,
            "status": self.status.value,
            "startedAt": self.started_at.isoformat(),
            "lastActivityAt": (activity.last_event_at if activity else self.started_at).isoformat(),
            "activeTools": list(activity.active_tools) if activity else [],
            "exitReason": self.exit_reason,
        }

    def beat(self) -> Beat:
        """Its line in a heartbeat."""
        if self.session is None:
            return Beat(agent_id=self.agent_id, dispatch=self.dispatch, saved_sha=self.saved_sha)
        seen = self.session.activity()
        activity = {
            "last_event_type": seen.last_event_type,
            "last_event_at": seen.last_event_at.isoformat(),
            "active_tools": list(seen.active_tools),
        }
        return Beat(agent_id=self.agent_id, dispatch=self.dispatch, activity=activity, saved_sha=self.saved_sha)


class Roster:
    """All records of this container; records of ended runs stay until the next run of the same agent."""

    def __init__(self) -> None:
        """Know nobody yet."""
        self.records: dict[str, Record] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._newest: dict[str, int] = {}
        self._stopped: dict[str, int] = {}

    def lock(self, agent_id: str) -> asyncio.Lock:
        """The lock that serialises what happens to one agent."""
        return self._locks[agent_id]

    def is_stale(self, agent_id: str, dispatch: int) -> bool:
        """Whether this dispatch is not newer than the last one started or stopped here."""
        return dispatch <= self._newest.get(agent_id, -1)

    def is_stopped(self, agent_id: str, dispatch: int) -> bool:
        """Whether a stop for this dispatch came in, perhaps while it was still starting."""
        return dispatch <= self._stopped.get(agent_id, -1)

    def add(self, record: Record) -> None:
        """Take a run up."""
        self.records[record.agent_id] = record
        self._newest[record.agent_id] = max(record.dispatch, self._newest.get(record.agent_id, -1))

    def mark_stopped(self, agent_id: str, dispatch: int) -> None:
        """Refuse this and all older dispatches from now on."""
        self._stopped[agent_id] = max(dispatch, self._stopped.get(agent_id, -1))
        self._newest[agent_id] = max(dispatch, self._newest.get(agent_id, -1))

    def active(self) -> list[Record]:
        """Runs that are starting or running."""
        return [record for record in self.records.values() if record.status in ACTIVE]
