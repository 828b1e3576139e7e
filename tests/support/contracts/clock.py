"""What every clock keeps."""

from datetime import timedelta

import pytest

from gastown.ports.clock import Clock


class ClockContract:
    """Run by the tests of every clock, which give the fixture."""

    @pytest.fixture
    def clock(self) -> Clock:
        """The clock under test."""
        raise NotImplementedError

    def test_it_shows_utc(self, clock: Clock) -> None:
        """A moment always knows its zone."""
        assert clock.now().utcoffset() == timedelta()

    def test_it_shows_whole_milliseconds(self, clock: Clock) -> None:
        """What is stored has milliseconds, so nothing finer may be compared."""
        assert clock.now().microsecond % 1000 == 0

    def test_it_does_not_run_back(self, clock: Clock) -> None:
        """Two readings in a row are in order."""
        first = clock.now()

        assert first <= clock.now()
