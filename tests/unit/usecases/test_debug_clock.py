"""The local clock moves in steps at which everything alive beats and everything due ticks."""

from datetime import datetime, timedelta

import pytest

from gastown.domain.errors import Invalid
from gastown.domain.escalation import Severity
from gastown.domain.ids import Moment
from gastown.domain.town import Town
from gastown.domain.warning import raise_escalation
from gastown.usecases.debug_clock import CALL_PATIENCE_S, STEP_MS, ClockWork, move_clock
from tests.support.stage import TOWN, Stage


class Street:
    """A stage whose container beats when it is rung and whose town ticks when it is woken."""

    def __init__(self) -> None:
        """Begin at the stage's present."""
        self.stage = Stage()
        self.start, self.seconds = self.stage.now, 0.0
        self.ticked_at: list[datetime] = []
        self.beats: list[datetime] = []
        self.is_deaf = False
        self.ahead_ms = 0
        self.work = ClockWork(
            uow=self.stage.uow, doorbell=self, clock=self, elapsed=lambda: self.seconds, sleep=self.sleep
        )

    def refresh(self) -> None:
        """Show the moved time."""
        self.stage.clock.present = self.start + timedelta(milliseconds=self.ahead_ms)

    def offset_ms(self) -> int:
        """How far it was moved."""
        return self.ahead_ms

    def move(self, milliseconds: int) -> int:
        """Move it."""
        self.ahead_ms += milliseconds
        self.refresh()
        return self.ahead_ms

    def ring(self, connection_id: str) -> bool:
        """The container beats at once, unless it is deaf."""
        if not self.is_deaf:
            self.beats.append(self.stage.now)
            at = self.stage.now.isoformat()
            self.stage.store.beat(TOWN, self.stage.town.container.generation, {"at": at, "agents": {}})
        return True

    def sleep(self, seconds: float) -> None:
        """Meanwhile the other doors work."""
        self.seconds += seconds
        wakes, self.stage.wake_queue.wakes[:] = list(self.stage.wake_queue.wakes), []
        for _ in wakes[:1]:
            self.ticked_at.append(self.stage.now)
            self.stage.tick()


@pytest.fixture
def street() -> Street:
    """A street with one quiet town."""
    return Street()


def test_a_stack_that_waits_for_nothing_moves_at_once(street: Street) -> None:
    """There is nobody to look after."""
    moved = move_clock(street.work, 7_200_000)

    assert (moved.moved_ms, moved.left_ms, moved.offset_ms, moved.steps) == (7_200_000, 0, 7_200_000, 1)


def test_a_live_container_beats_at_every_step(street: Street) -> None:
    """So it is never silent for longer than a step."""
    street.stage.register("connection-1")
    street.stage.change(lambda town, _moment: town.effects.clear())
    street.stage.tick()

    moved = move_clock(street.work, 100_000)

    gaps = [
        (later - earlier).total_seconds() * 1000 for earlier, later in zip(street.beats, street.beats[1:], strict=False)
    ]
    assert moved.moved_ms == 100_000
    assert len(street.beats) == moved.steps == 3
    assert max(gaps) <= STEP_MS


def test_a_town_ticks_at_the_step_at_which_it_is_due(street: Street) -> None:
    """Not at the end of the whole way."""
    street.stage.directory.set_due(TOWN, street.start + timedelta(seconds=50))

    move_clock(street.work, 100_000)

    assert street.ticked_at[0] == street.start + timedelta(milliseconds=50_001)


def test_a_call_is_bounded_and_says_what_is_left(street: Street) -> None:
    """A deaf container costs patience at each step; the caller asks again."""
    street.stage.register("connection-1")
    street.is_deaf = True

    moved = move_clock(street.work, 3_600_000)

    assert street.seconds < CALL_PATIENCE_S + 20
    assert moved.left_ms > 0
    assert moved.moved_ms + moved.left_ms == 3_600_000


def test_a_clock_does_not_go_back(street: Street) -> None:
    """A town's time never does."""
    with pytest.raises(Invalid):
        move_clock(street.work, -1)


def test_without_containers_a_step_goes_to_where_a_town_is_due(street: Street) -> None:
    """Hours that nobody lives through take no time: an escalation is raised again after four of them."""

    def alarm(town: Town, moment: Moment) -> None:
        raise_escalation(town, moment, cause="x", severity=Severity.LOW, title="t", message="m")

    street.stage.change(alarm)
    street.stage.tick()
    moved = move_clock(street.work, 7 * 3_600_000)

    assert (7 * 3_600_000, 2) == (moved.moved_ms, moved.steps)
    assert [1] == [raised.re_escalations for raised in street.stage.town.escalations.values()]
