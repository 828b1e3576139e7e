"""Clocks that tests and the local stage move keep the contract of the port."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gastown.adapters.system.clock import OffsetClock, SystemClock
from gastown.adapters.system.clock_offset import FileClockOffset
from gastown.domain.errors import Unavailable
from gastown.ports.clock import Clock
from tests.support.contracts.clock import ClockContract
from tests.support.fakes.clock import FixedClock

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class TestFixedClock(ClockContract):
    """The contract, on the fake."""

    @pytest.fixture
    def clock(self) -> Clock:
        """A clock that stands between two milliseconds."""
        return FixedClock(NOON + timedelta(microseconds=1999))

    def test_it_moves_when_told(self) -> None:
        """And remembers what it showed."""
        clock = FixedClock(NOON)
        shown = [clock.now()]
        clock.move(timedelta(hours=1))
        shown.append(clock.now())

        assert shown == [NOON, NOON + timedelta(hours=1)] == clock.readings

    def test_it_fails_when_told(self) -> None:
        """Like every fake."""
        clock = FixedClock()
        clock.failure = Unavailable("told to fail")

        with pytest.raises(Unavailable):
            clock.now()


class TestSystemClock(ClockContract):
    """The contract, on the machine's clock."""

    @pytest.fixture
    def clock(self) -> Clock:
        """The machine's own time."""
        return SystemClock()


class TestOffsetClock(ClockContract):
    """The contract, on a clock that was moved."""

    @pytest.fixture
    def clock(self, tmp_path: Path) -> Clock:
        """A quarter of an hour ahead of the machine."""
        return moved(tmp_path, SystemClock(), 900_000)

    def test_the_offset_is_added(self, tmp_path: Path) -> None:
        """In milliseconds, forwards; whoever moves it sees that at once."""
        clock = moved(tmp_path, FixedClock(NOON), 1500)

        assert clock.now() == NOON + timedelta(milliseconds=1500)
        assert (clock.move(500), clock.offset_ms()) == (2000, 2000)
        assert clock.now() == NOON + timedelta(seconds=2)

    def test_the_offset_is_read_once_until_it_is_refreshed(self, tmp_path: Path) -> None:
        """One piece of work sees one offset, although another process moves the clock meanwhile."""
        clock = moved(tmp_path, FixedClock(NOON), 0)
        before = [clock.now()]
        moved(tmp_path, FixedClock(NOON), 20_000)
        before.append(clock.now())
        clock.refresh()

        assert [*before, clock.now()] == [NOON, NOON, NOON + timedelta(seconds=20)]

    def test_moves_at_once_are_all_counted(self, tmp_path: Path) -> None:
        """And nobody reads half of a number meanwhile."""
        with ThreadPoolExecutor(8) as pool:
            seen = list(pool.map(lambda _: moved(tmp_path, FixedClock(NOON), 1000).offset_ms(), range(40)))

        assert max(seen) == 40_000
        assert {offset % 1000 for offset in seen} == {0}


def moved(folder: Path, clock: Clock, milliseconds: int) -> OffsetClock:
    """What one process of a stack sees, after it has moved the stack's clock on."""
    moved_on = OffsetClock(clock, FileClockOffset(str(folder / "clock")))
    moved_on.move(milliseconds)
    return moved_on
