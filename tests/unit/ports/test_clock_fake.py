"""Clocks that tests and the local stage move keep the contract of the port."""

from datetime import UTC, datetime, timedelta

import pytest

from gastown.adapters.system.clock import OffsetClock, SystemClock
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
    def clock(self) -> Clock:
        """A quarter of an hour ahead of the machine."""
        return OffsetClock(SystemClock(), lambda: 900_000)

    def test_the_offset_is_added(self) -> None:
        """In milliseconds, forwards."""
        assert OffsetClock(FixedClock(NOON), lambda: 1500).now() == NOON + timedelta(milliseconds=1500)

    def test_the_offset_is_read_once_until_it_is_refreshed(self) -> None:
        """One piece of work sees one offset and pays for one read."""
        offsets = iter([0, 20_000])
        clock = OffsetClock(FixedClock(NOON), lambda: next(offsets))
        before = [clock.now(), clock.now()]
        clock.refresh()

        assert [*before, clock.now()] == [NOON, NOON, NOON + timedelta(seconds=20)]
