"""A convoy played to its end in virtual time, over the real core and fakes: once as this town ticks, once in a loop."""

import heapq
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import cast

from gastown.domain.container import ContainerState
from gastown.domain.slinging import ConvoyOrder, Task, sling_convoy
from gastown.ports.town_store import TownStore
from gastown.usecases.perform_effect import perform_effect
from gastown.usecases.sweep import GRACE
from tests.bench.cast import Act, Cast
from tests.bench.counted import CountedStore
from tests.support.stage import RIG, SECRET_ID, TOWN, Stage

LOOP_ACTIVE, LOOP_IDLE = timedelta(seconds=5), timedelta(minutes=5)
"""The reference's cadence: while anything is open, and otherwise (facts: cadence and arming)."""

QUEUED = timedelta(seconds=0.1)
"""How long a message takes through a queue; wakes that come meanwhile are one tick's batch."""

NEAR, SWEEP = timedelta(minutes=15), timedelta(minutes=1)
"""An alarm as near as this is a message that nobody can take back; how often the sweep comes."""

LAYERS, WIDE = 5, 4
"""The standard convoy: 20 beads in five layers of four; each bead depends on one of the layer before."""

DAY = timedelta(hours=24)


@dataclass(kw_only=True)
class Figures:
    """What a played convoy took, from its sling until its container was gone."""

    ticks: int = 0
    commits: int = 0
    """Ticks that changed something."""
    lasted: timedelta = timedelta(0)
    calls: Counter[str] = field(default_factory=Counter)
    reads: float = 0
    writes: float = 0
    doors: Counter[str] = field(default_factory=Counter)
    """Calls of functions, by door."""
    asked: Counter[str] = field(default_factory=Counter)
    """Requests of other services than DynamoDB, by what is asked for; `secrets` without the signing secret, which
    functions keep."""
    transitions: int = 0
    landed: int = 0
    """Beads on the default branch."""
    leftover: int = 0
    """Ticks after that which nobody could take back: alarms that had been sent and rang for nothing."""
    idle_ticks: int = 0
    idle_calls: int = 0
    """Ticks and store calls in 24 hours of rest."""

    @property
    def requests(self) -> int:
        """All requests of AWS services."""
        return self.calls.total() + self.asked.total()


class Player:
    """Plays everything outside a town; `looping` ticks as the reference does instead of when something happens."""

    def __init__(self, *, looping: bool) -> None:
        """A town with one rig, over a counted store."""
        self.stage, self.looping, self.figures = Stage(), looping, Figures()
        self.store = CountedStore(self.stage.store)
        self.stage.uow.store = cast("TownStore", self.store)
        self.cast = Cast(self.stage, self._later)
        self._todo: list[tuple[datetime, int, Act]] = []
        self._order = count()
        self._tick_at: datetime | None = None
        self._schedule: datetime | None = None
        self._alarms, self._wakes = len(self.stage.alarm.calls), 0
        self._ticked = self.stage.now

    def play(self) -> Figures:
        """Sling the standard convoy, play it until the town is at rest, then let a day pass."""
        began, version = self.stage.now, self.cast.town.version
        self._sling()
        while not self._is_over():
            self._step()
        self._take_stock(began, version)
        self.figures.leftover = self._let_pass(NEAR)
        before = self.store.calls.total()
        self.figures.idle_ticks = self._let_pass(DAY)
        self.figures.idle_calls = self.store.calls.total() - before
        return self.figures

    def _sling(self) -> None:
        parents = [(n - WIDE,) if n >= WIDE else () for n in range(LAYERS * WIDE)]
        tasks = tuple(
            Task(title=f"Task {n}", body="What to do. " * 50, depends_on=parent) for n, parent in enumerate(parents)
        )
        order = ConvoyOrder(rig_id=RIG, title="Standard", tasks=tasks)
        self.cast.doors["api"] += 1
        self.stage.change(lambda town, moment: sling_convoy(town, order, moment))
        self._notice()

    def _take_stock(self, began: datetime, version: int) -> None:
        figures, store = self.figures, self.store
        figures.lasted, figures.commits = self.stage.now - began, self.cast.town.version - version
        figures.calls, figures.reads, figures.writes = store.calls.copy(), store.reads, store.writes
        figures.doors, figures.transitions = self.cast.doors.copy(), self.cast.transitions
        figures.asked["wakes"] = 0 if self.looping else len(self.stage.wake_queue.wakes)
        figures.asked["secrets"] = sum(1 for _, name in self.stage.secrets.calls if name != SECRET_ID)
        figures.asked["ECS"] = len(self.stage.runtime.calls)
        figures.asked["executions"] = len(self.stage.workflows.calls)
        figures.asked["doorbell"] = len(self.stage.doorbell.rings)
        finals = [row for (_, sk), row in self.stage.store.rows[TOWN].items() if sk == "FINAL"]
        figures.landed = sum(1 for row in finals if row.body["kind"] == "bead")

    def _is_over(self) -> bool:
        live = self.stage.store.live[TOWN]
        is_housed = live["META"].body["container"]["state"] != ContainerState.NONE
        return not is_housed and not any(key.startswith("CONVOY#") for key in live)

    # time ------------------------------------------------------------------------------------------------------------
    def _later(self, wait: timedelta, act: Act) -> None:
        heapq.heappush(self._todo, (self.stage.now + wait, next(self._order), act))

    def _next_tick(self) -> datetime | None:
        """When the town is ticked next by something other than what stands on the list."""
        if self.looping:
            return self._ticked + (LOOP_IDLE if self._is_over() else LOOP_ACTIVE)
        overdue = self.stage.directory.due.get(TOWN)
        swept = overdue + GRACE + SWEEP if overdue is not None else None
        return min((at for at in (self._tick_at, swept) if at is not None), default=None)

    def _next(self) -> datetime | None:
        first = self._todo[0][0] if self._todo else None
        return min((at for at in (first, self._next_tick()) if at is not None), default=None)

    def _step(self) -> None:
        """Move to the next thing that happens: somebody acts, or the town is ticked."""
        at = self._next()
        if at is None:
            raise AssertionError("nothing will ever happen, and the convoy has not landed")
        self.stage.clock.present = max(at, self.stage.now)
        if self._todo and self._todo[0][0] <= at:
            heapq.heappop(self._todo)[2]()
        else:
            self._tick()
        self._notice()

    def _let_pass(self, span: timedelta) -> int:
        """Play on for a while; how many ticks that took."""
        end, before = self.stage.now + span, self.figures.ticks
        while (at := self._next()) is not None and at <= end:
            self._step()
        self.stage.clock.present = end
        ticks, self.figures.ticks = self.figures.ticks - before, before
        return ticks

    # what the town sends out -----------------------------------------------------------------------------------------
    def _tick(self) -> None:
        self._tick_at, self._ticked = None, self.stage.now
        self.figures.ticks += 1
        self.cast.doors["reconcile"] += 1
        self.stage.tick()

    def _notice(self) -> None:
        """Carry on what was sent: wakes, alarms, effects, rings, answers to the execution."""
        wakes, announced = self.stage.wake_queue.wakes, self.stage.effects_queue.messages
        if len(wakes) > self._wakes and self._tick_at is None:
            self._tick_at = self.stage.now + QUEUED
        self._wakes = len(wakes)
        for town_id, key in announced:
            self.figures.asked["messages"] += 1
            self._later(QUEUED, partial(self._perform, town_id, key))
        announced.clear()
        for _, at in self.stage.alarm.calls[self._alarms :]:
            self._arm(at)
        self._alarms = len(self.stage.alarm.calls)
        while self.cast.rings < len(self.stage.doorbell.rings):
            self.cast.ring()
        self.cast.watch()

    def _perform(self, town_id: str, key: str) -> None:
        self.cast.doors["effects"] += 1
        perform_effect(self.stage.outside, town_id, key)
        for task in self.stage.runtime.tasks.values():
            self.cast.boot(task.generation)

    def _arm(self, at: datetime | None) -> None:
        if self.looping:
            return
        near = at is not None and at - self.stage.now <= NEAR
        self.figures.asked["messages" if near else "schedules"] += 1
        if near and at is not None:
            self._later(at - self.stage.now, self._tick)
            return
        self._schedule = at
        if at is not None:
            self._later(at - self.stage.now, partial(self._tick_as_scheduled, at))

    def _tick_as_scheduled(self, at: datetime) -> None:
        if self._schedule == at:
            self._tick()
