"""A convoy played to its end in virtual time, over the real core and fakes: once as this town ticks, once in a loop."""

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, cast

from gastown.domain.agent import Role
from gastown.domain.command import Command, CommandKind
from gastown.domain.container import ContainerState
from gastown.domain.event import EventKind
from gastown.domain.housing import register
from gastown.domain.ids import Moment
from gastown.domain.slinging import ConvoyOrder, Task, sling_convoy
from gastown.domain.town import Town
from gastown.ports.town_store import TownStore
from gastown.usecases.perform_effect import perform_effect
from gastown.usecases.town_items import decode
from tests.bench.counted import CountedStore
from tests.support.stage import RIG, TOWN, Stage

BOOT, WORK, REVIEW, MERGE, BEAT = (timedelta(seconds=s) for s in (40, 300, 120, 20, 30))
"""How long a container boots, a bead is worked on, a review and a merge take, and how often the container beats."""

LOOP_ACTIVE, LOOP_IDLE = timedelta(seconds=5), timedelta(minutes=5)
"""The reference's cadence: while anything is open, and otherwise (facts: cadence and arming)."""

LAYERS, WIDE = 5, 4
"""The standard convoy: 20 beads in five layers of four; each bead depends on one of the layer before."""


@dataclass(kw_only=True)
class Figures:
    """What a played convoy took."""

    ticks: int = 0
    beats: int = 0
    lasted: timedelta = timedelta(0)
    calls: Counter[str] = field(default_factory=Counter)
    reads: float = 0
    writes: float = 0
    wakes: int = 0
    effects: int = 0
    idle_ticks: int = 0
    """Ticks in the 24 hours after everything was over."""


class Player:
    """Plays the container and its agents; `looping` ticks as the reference does instead of when something happens."""

    def __init__(self, *, looping: bool) -> None:
        """A town with one rig, over a counted store."""
        self.stage, self.looping, self.figures = Stage(), looping, Figures()
        self.store = CountedStore(self.stage.store)
        self.stage.uow.store = cast("TownStore", self.store)
        self._todo: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order, self._seen = count(), set[str]()
        self._began = self.stage.now

    @property
    def _town(self) -> Town:
        """The town as it is, read past the counting."""
        return decode(self.stage.store.load(TOWN))

    def play(self) -> Figures:
        """Sling the standard convoy, play it until the town is at rest, then let a day pass."""
        tasks = tuple(
            Task(title=f"Task {n}", depends_on=(n - WIDE,) if n >= WIDE else ()) for n in range(LAYERS * WIDE)
        )
        order = ConvoyOrder(rig_id=RIG, title="Standard", tasks=tasks)
        self.stage.uow.change(
            TOWN, lambda town, moment: sling_convoy(town, order, moment), actor="bench", cause="bench"
        )
        self._tick()
        while not self._is_over():
            self._step()
        self.figures.lasted = self.stage.now - self._began
        self.figures.calls, self.figures.reads, self.figures.writes = (
            self.store.calls,
            self.store.reads,
            self.store.writes,
        )
        self.figures.wakes = len(self.stage.wake_queue.wakes)
        self.figures.idle_ticks = self._rest(timedelta(hours=24))
        return self.figures

    def _is_over(self) -> bool:
        town = self._town
        return not town.convoys and town.container.state is ContainerState.NONE and not self._todo

    def _step(self) -> None:
        """Move to the next thing that happens: somebody acts, or the town is due."""
        due = self._next_tick()
        if self._todo and self._todo[0][0] <= due:
            at, _, act = heapq.heappop(self._todo)
            self.stage.clock.present = max(at, self.stage.now)
            act()
            if not self.looping:
                self._tick()
        else:
            self.stage.clock.present = due
            self._tick()

    def _next_tick(self) -> datetime:
        town = self._town
        if not self.looping:
            return town.wake_at or self.stage.now + timedelta(days=365)
        is_open = bool(town.convoys or town.container.state is not ContainerState.NONE)
        return self.stage.now + (LOOP_ACTIVE if is_open else LOOP_IDLE)

    def _rest(self, span: timedelta) -> int:
        """How many ticks a town at rest takes in a span."""
        if self.looping:
            return int(span / LOOP_IDLE)
        end, ticks = self.stage.now + span, 0
        while (due := self._town.wake_at) is not None and due <= end:
            self.stage.clock.present = due
            self.stage.tick()
            ticks += 1
        return ticks

    def _tick(self) -> None:
        self.figures.ticks += 1
        self.stage.tick()
        announced = list(self.stage.effects_queue.messages)
        self.stage.effects_queue.messages.clear()
        for town_id, key in announced:
            self.figures.effects += 1
            perform_effect(self.stage.outside, town_id, key)
        self._notice()

    def _notice(self) -> None:
        """Take up what the town wants of its container."""
        town = self._town
        generation = town.container.generation
        if town.container.state in (ContainerState.CLAIMED, ContainerState.STARTING) and self._is_new(
            f"boot {generation}"
        ):
            self._later(BOOT, lambda: self._register(generation))
        for command in town.commands.values():
            if self._is_new(command.id):
                self._later(timedelta(seconds=1), partial(self._obey, command))

    def _is_new(self, mark: str) -> bool:
        new = mark not in self._seen
        self._seen.add(mark)
        return new

    def _later(self, wait: timedelta, act: Callable[[], None]) -> None:
        heapq.heappush(self._todo, (self.stage.now + wait, next(self._order), act))

    def _register(self, generation: int) -> None:
        self._change(lambda town, moment: register(town, generation, "instance", moment))
        self._later(BEAT, lambda: self._beat(generation))

    def _beat(self, generation: int) -> None:
        town = self.stage.uow.read(TOWN)
        if town.container.generation != generation or town.container.state is ContainerState.NONE:
            return
        at = self.stage.now.isoformat()
        runs = {agent.id: agent.dispatch for agent in town.agents.values() if agent.open_run}
        agents = {agent_id: {"dispatch": run, "at": at, "activity": {}} for agent_id, run in runs.items()}
        self.store.beat(TOWN, generation, {"at": at, "agents": agents})
        self.figures.beats += 1
        self._later(BEAT, lambda: self._beat(generation))

    def _change(self, move: Callable[[Town, Moment], object]) -> None:
        self.stage.uow.change(TOWN, move, actor="bench", cause="bench")

    def _deliver(self, kind: EventKind, data: dict[str, Any]) -> None:
        self.stage.uow.deliver(TOWN, kind, data, source="bench", event_id=str(next(self._order)))

    def _obey(self, command: Command) -> None:
        town = self._town
        if command.kind is CommandKind.DRAIN:
            self._deliver(EventKind.TASK_STOPPED, {"generation": command.generation, "reason": "drained"})
        elif command.kind is CommandKind.MERGE:
            review = town.reviews[command.review_id] if command.review_id else None
            data = {"review_id": command.review_id, "attempt": command.attempt, "status": "merged"}
            commit = {"commit_sha": f"{next(self._order):040x}", "tree": "0" * 40, "gates": []}
            if review is not None:
                self._later(MERGE, lambda: self._deliver(EventKind.MERGE_REPORTED, {**data, **commit}))
        else:
            self._deliver(EventKind.COMMAND_ACKED, {"command_id": command.id, "outcome": "accepted"})
            if command.kind is CommandKind.START:
                self._work(command)

    def _work(self, command: Command) -> None:
        town = self._town
        agent = town.agents[command.agent_id] if command.agent_id else None
        if agent is None or agent.run is None:
            return
        review = town.reviews.get(agent.run.hook)
        sha = review.sha if review else f"{next(self._order):040x}"
        done = {"agent_id": agent.id, "dispatch": command.dispatch, "branch": agent.run.branch, "head_sha": sha}
        wait = REVIEW if agent.role is Role.REFINERY else WORK
        self._later(wait, lambda: self._deliver(EventKind.AGENT_DONE, done))
