"""Move the local stage's clock, in steps so short that nothing alive looks dead.

After each step the live containers are rung and have beaten, and the towns that became due have ticked. While no
container lives anywhere, a step goes to the next moment at which a town is due. A call is bounded by real time; what is
left over is for the next call.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gastown.domain.container import ContainerState
from gastown.domain.errors import Conflict, Invalid, NotFound
from gastown.domain.town import Town
from gastown.ports.clock import MovableClock
from gastown.ports.doorbell import Doorbell
from gastown.reconciler.signs import is_responsive
from gastown.usecases.unit_of_work import UnitOfWork

STEP_MS = 40_000
"""The longest step; after two whose heartbeats were missed, 90 s of silence are not yet over."""

FAR = timedelta(days=3650)
"""Whoever waits for anything at all is due by then; a town with a container always waits for something."""

STEP_PATIENCE_S = 4.5
"""Real seconds that one step waits for rest, for beats and for ticks each; after 90 s of silence a container is waited
for no more."""

CALL_PATIENCE_S = 15.0
"""Real seconds that one call takes at most, plus one step: together less than the 30 s that API Gateway waits."""

POLL_S = (0.03, 0.25)
"""Real seconds between two looks: soon at first, each time half as long again, so that a long wait asks little."""

BOOTING = frozenset({ContainerState.CLAIMED, ContainerState.STARTING})


@dataclass(frozen=True, kw_only=True)
class ClockWork:
    """What moving needs; `elapsed` gives real seconds."""

    uow: UnitOfWork
    clock: MovableClock
    doorbell: Doorbell
    elapsed: Callable[[], float]
    sleep: Callable[[float], None]


@dataclass(frozen=True, kw_only=True)
class Moved:
    """How far the clock came, in milliseconds, and what remains of what was asked for."""

    moved_ms: int
    left_ms: int
    offset_ms: int
    steps: int


def move_clock(work: ClockWork, milliseconds: int) -> Moved:
    """Move the clock forward. Raises `Invalid` for a way back: a town's time never runs backwards."""
    if milliseconds < 0:
        raise Invalid("A clock only moves forward", field="seconds")
    end, moved, steps = work.elapsed() + CALL_PATIENCE_S, 0, 0
    waiting = work.uow.directory.due_towns(work.uow.now() + FAR)
    while moved < milliseconds and (work.elapsed() < end or not steps):
        moved += _step(work, waiting, min(_stride(work, waiting), milliseconds - moved))
        steps += 1
    return Moved(moved_ms=moved, left_ms=milliseconds - moved, offset_ms=work.clock.offset_ms(), steps=steps)


def _stride(work: ClockWork, waiting: Sequence[str]) -> int:
    """How far nothing is missed: to where the next town is due, or one step while a container lives somewhere."""
    towns = [_read(work, town_id) for town_id in waiting]
    if any(town is not None and town.container.state is not ContainerState.NONE for town in towns):
        return STEP_MS
    rows = [work.uow.directory.get_town(town_id) for town_id in waiting]
    due = min((row.due_at for row in rows if row is not None and row.due_at is not None), default=None)
    far = FAR if due is None else due - work.uow.now()
    return max(STEP_MS, int(far / timedelta(milliseconds=1)) + 1)


def _step(work: ClockWork, waiting: Sequence[str], milliseconds: int) -> int:
    """Move once; then every live container beats, every due town ticks, and what they set off comes to rest."""
    until = work.elapsed() + STEP_PATIENCE_S
    _until(work, until, lambda: all(_is_at_rest(work, town_id) for town_id in waiting))
    offset = work.clock.move(milliseconds)
    _let_beat(work, waiting)
    now = work.uow.now()
    due = [town_id for town_id in waiting if _is_due(work, town_id, now)]
    for town_id in due:
        work.uow.wake_queue.wake(town_id, cause="clock", dedup=f"clock-{offset}")
    _until(work, work.elapsed() + STEP_PATIENCE_S, lambda: not any(_is_due(work, town_id, now) for town_id in due))
    return milliseconds


def _is_due(work: ClockWork, town_id: str, now: datetime) -> bool:
    row = work.uow.directory.get_town(town_id)
    return row is not None and row.due_at is not None and row.due_at <= now


def _let_beat(work: ClockWork, waiting: Sequence[str]) -> None:
    """Ring every live container and wait until each that still answers has been heard after the step."""
    moved_at, until = work.uow.now(), work.elapsed() + STEP_PATIENCE_S
    towns = [town for town in (_read(work, town_id) for town_id in waiting) if town is not None]
    towns = [town for town in towns if town.container.state is ContainerState.READY]
    for town in towns:
        if town.container.connection_id is not None:
            work.doorbell.ring(town.container.connection_id)

    def all_heard() -> bool:
        seen = (_read(work, town.id) for town in towns)
        pulses = [t.pulses.get(t.container.generation) for t in seen if t and is_responsive(t, moved_at)]
        return all(pulse is None or pulse.at >= moved_at for pulse in pulses)

    _until(work, until, all_heard)


def _is_at_rest(work: ClockWork, town_id: str) -> bool:
    """Whether nothing is on its way that would finish by itself: events, effects, a container that boots."""
    town = _read(work, town_id)
    return town is None or not (town.inbox or town.effects or town.container.state in BOOTING)


def _read(work: ClockWork, town_id: str) -> Town | None:
    try:
        return work.uow.read(town_id)
    except (NotFound, Conflict):  # deleted meanwhile
        return None


def _until(work: ClockWork, end: float, holds: Callable[[], bool]) -> None:
    """Wait in real time until something holds; at the end of patience go on without it."""
    pause, longest = POLL_S
    while not holds() and work.elapsed() < end:
        work.sleep(pause)
        pause = min(pause * 1.5, longest)
