"""What the container tells of what happens in it: its agents' events, the phases of their starts, its own steps.

Everything is kept for whoever looks from inside, bounded, and told to the town once the container is known there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gastown.container.event_buffer import EventBuffer, Numbered
from gastown.container.log import logger
from gastown.container.roster import Record
from gastown.container.runtimes.runtime import AgentEvent, Exit, Listener
from gastown.container.telling import Telling
from gastown.container.town_client import TownClient

Key = tuple[str, int]


@dataclass(kw_only=True)
class Watch:
    """One run that is watched: its events, and the clock of its start (monotonic seconds)."""

    buffer: EventBuffer
    began: float
    marked: float
    telling: Telling | None = None
    before: Telling | None = None
    """How the events of the agent's run before this one are told."""


@dataclass(kw_only=True)
class Watching:
    """All watched runs of a container, and its own steps since `began` (monotonic seconds)."""

    clock: Callable[[], float] = time.monotonic
    client: TownClient | None = None
    began: float = field(init=False)
    mayor_ready_at: datetime | None = None
    """When the first session of a mayor was there."""
    _watches: dict[Key, Watch] = field(default_factory=dict)
    _steps: EventBuffer = field(default_factory=EventBuffer)
    _telling: Telling | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """The container begins now."""
        self.began = self.clock()
        self.step("container.cold_start")

    def open(self, client: TownClient) -> None:
        """The town knows this container: tell it what waits, and all that follows."""
        self.client = client
        self._telling = self._tell(self._steps, client.tell_steps)

    def step(self, event: str, **facts: object) -> None:
        """Something happened to the container itself; durations in milliseconds."""
        known = {name: value for name, value in facts.items() if value is not None}
        self._steps.add(AgentEvent(kind=event, data=known, at=datetime.now(UTC)))
        logger.info(event, extra={"fields": known})
        if self._telling is not None:
            self._telling.hear()

    def uptime(self) -> int:
        """Milliseconds since the container began."""
        return _milliseconds(self.clock() - self.began)

    def starting(self, record: Record) -> None:
        """A run begins to start."""
        now = self.clock()
        old = self._watches.pop(self._last(record.agent_id) or ("", 0), None)
        watch = Watch(buffer=EventBuffer(), began=now, marked=now, before=old.telling if old is not None else None)
        self._watches[record.agent_id, record.dispatch] = watch

    def passed(self, record: Record, label: str) -> None:
        """A run's start has come this far."""
        if (watch := self._watches.get((record.agent_id, record.dispatch))) is not None:
            now = self.clock()
            phase, watch.marked = now - watch.marked, now
            times = {"phaseMs": _milliseconds(phase), "elapsedMs": _milliseconds(now - watch.began)}
            self.step("agent.startup_phase", **_whose(record), label=label, **times)

    def listener(self, record: Record, secrets: Sequence[str]) -> Listener:
        """Who hears what a run does, from now on; `secrets` are not told, nor what is added to them later."""
        key = (record.agent_id, record.dispatch)
        watch = self._watches.setdefault(key, Watch(buffer=EventBuffer(), began=self.clock(), marked=self.clock()))
        watch.buffer = EventBuffer(secrets)
        if (client := self.client) is not None:

            async def send(batch: Sequence[Numbered]) -> None:
                await client.tell_events(*key, batch)

            watch.telling = self._tell(watch.buffer, send)

        def hear(event: AgentEvent) -> None:
            watch.buffer.add(event)
            if watch.telling is not None:
                watch.telling.hear()

        return hear

    def running(self, record: Record) -> None:
        """A run's session is there."""
        if (watch := self._watches.get((record.agent_id, record.dispatch))) is not None:
            took = _milliseconds(self.clock() - watch.began)
            self.step("agent.startup_complete", **_whose(record), durationMs=took)
        if record.start.agent.role == "mayor" and self.mayor_ready_at is None:
            self.mayor_ready_at = datetime.now(UTC)
            self.step("mayor.session_ready", **_whose(record), durationMs=self.uptime())

    def ended(self, record: Record, how: Exit) -> None:
        """A run is over: its last event, and no more."""
        watch = self._watches.get((record.agent_id, record.dispatch))
        if watch is None:
            return
        data = {"code": how.code, "reason": how.reason, "dropped": watch.buffer.total_dropped}
        watch.buffer.add(AgentEvent(kind="agent.exited", data=data, at=datetime.now(UTC)))
        if watch.telling is not None:
            watch.telling.end()

    async def told_before(self, record: Record, *, limit: float) -> bool:
        """Wait until the town knows all that the agent's run before this one did; false if `limit` seconds are few."""
        watch = self._watches.get((record.agent_id, record.dispatch))
        if watch is None or watch.before is None:
            return True
        try:
            await asyncio.wait_for(watch.before.told(), limit)
        except TimeoutError:
            return False
        return True

    def shown(self, agent_id: str, after: int) -> list[Numbered]:
        """The newest events of an agent's last run, after a number; none of an agent that nobody knows."""
        key = self._last(agent_id)
        return self._watches[key].buffer.shown(after) if key is not None else []

    async def settle(self, *, limit: float) -> None:
        """Tell what is left, for at most `limit` seconds."""
        tellings = [self._telling, *(watch.telling for watch in self._watches.values())]
        for telling in tellings:
            if telling is not None:
                telling.end()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=limit)
            for task in late:
                task.cancel()

    def _last(self, agent_id: str) -> Key | None:
        return max((key for key in self._watches if key[0] == agent_id), default=None)

    def _tell(self, buffer: EventBuffer, send: Callable[[Sequence[Numbered]], Awaitable[None]]) -> Telling:
        telling = Telling(buffer, send)
        task = asyncio.create_task(telling.run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        telling.hear()
        return telling


def _whose(record: Record) -> dict[str, str]:
    return {"agentId": record.agent_id, "role": record.start.agent.role}


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
