"""What the events of one served session amount to: whether its turn is over, what failed, which tools run.

sent ─▶ taken (its message is in the stream) ─▶ busy ─▶ idle. An idle that was on its way before a message was taken
says nothing of that message's turn.
"""

from collections import deque
from datetime import datetime
from enum import StrEnum
from typing import Any

from gastown.container.runtimes.runtime import Activity
from gastown.container.runtimes.serve_client import ServeEvent

SIGNS_OF_THE_SERVER = frozenset({"server.heartbeat", "server.connected", "server.instance.disposed"})
"""They say nothing of a session (container facts, 2.5)."""
RETRY_LIMIT = 600.0
"""Seconds for which the program may ask its model's API in vain; it would go on for ever."""


class Change(StrEnum):
    """What an event changed."""

    NOTHING = "nothing"
    IDLE = "idle"
    FAILED = "failed"


class Turns:
    """Follows one session through its events."""

    def __init__(self, session_id: str, now: datetime) -> None:
        """Nothing was said yet."""
        self.session_id = session_id
        self.is_idle = True
        self.idle_since = now
        self.failure = ""
        self.last_event_type = "started"
        self.last_event_at = now
        self._sent: deque[datetime] = deque()
        self._taken: set[str] = set()
        self._tools: dict[str, str] = {}
        self._retrying_since: datetime | None = None

    def sent(self, now: datetime) -> bool:
        """Something is being said: from here on the session is busy. Whether it was idle until now."""
        was_idle, self.is_idle, self.failure = self.is_idle, False, ""
        self._sent.append(now)
        return was_idle

    def unsent(self, *, was_idle: bool) -> None:
        """It was not taken after all."""
        if self._sent:
            self._sent.pop()
        self.is_idle = was_idle and not self._sent

    def hear(self, event: ServeEvent, now: datetime) -> Change:
        """Take an event in. Those of other sessions (sub-agents) are signs of life and no more."""
        if event.type in SIGNS_OF_THE_SERVER:
            return Change.FAILED if self._is_stuck(now) else Change.NOTHING
        self.last_event_type, self.last_event_at = event.type, now
        if event.session_id != self.session_id:
            return Change.NOTHING
        match event.type:
            case "message.updated":
                self._take(event.properties.get("info"))
            case "message.part.updated":
                self._follow_tool(event.properties.get("part"))
            case "session.status":
                self._note_status(event.properties.get("status"), now)
            case "session.error":
                self._note_error(event.properties.get("error"))
            case "session.idle":
                return self._end_turn(now)
        return Change.NOTHING

    def activity(self) -> Activity:
        """The last sign of life, and the tools that run."""
        tools = tuple(dict.fromkeys(self._tools.values()))
        return Activity(last_event_type=self.last_event_type, last_event_at=self.last_event_at, active_tools=tools)

    def _take(self, info: Any) -> None:
        """A message of ours is in the conversation; one that was there before it was said is an older one."""
        if not isinstance(info, dict) or info.get("role") != "user" or not self._sent:
            return
        created = (info.get("time") or {}).get("created")
        is_new = isinstance(created, int | float) and created >= int(self._sent[0].timestamp() * 1000)
        if is_new and str(info.get("id")) not in self._taken:
            self._taken.add(str(info.get("id")))
            self._sent.popleft()

    def _follow_tool(self, part: Any) -> None:
        if self._retrying_since is not None:
            self._retrying_since, self.failure = None, ""
        if not isinstance(part, dict) or part.get("type") != "tool":
            return
        call, state = str(part.get("callID")), part.get("state") or {}
        if state.get("status") in {"pending", "running"}:
            self._tools[call] = str(part.get("tool"))
        else:
            self._tools.pop(call, None)

    def _note_status(self, status: Any, now: datetime) -> None:
        kind = status.get("type") if isinstance(status, dict) else None
        if kind == "retry":
            self._retrying_since = self._retrying_since or now
            self.failure = f"the model's API does not answer: {status.get('message', '')}"
        elif kind == "busy" and self._retrying_since is None:
            # It goes on after an error, so that one was not the end: a conversation too long is shortened, for one.
            self.failure = ""

    def _note_error(self, error: Any) -> None:
        known = error if isinstance(error, dict) else {}
        if known.get("name") == "MessageAbortedError":
            return
        data = known.get("data") or {}
        status = f" (HTTP {data['statusCode']})" if data.get("statusCode") else ""
        self.failure = f"{known.get('name', 'error')}{status}: {data.get('message', '')}"[:1000]

    def _end_turn(self, now: datetime) -> Change:
        if self.is_idle or (self._sent and not self.failure):
            return Change.NOTHING
        self._tools.clear()
        self._retrying_since = None
        if self.failure:
            return Change.FAILED
        self.is_idle, self.idle_since = True, now
        return Change.IDLE

    def _is_stuck(self, now: datetime) -> bool:
        since = self._retrying_since
        return since is not None and (now - since).total_seconds() > RETRY_LIMIT
