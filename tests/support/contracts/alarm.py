"""What every alarm keeps."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from gastown.domain.errors import Unavailable
from gastown.ports.alarm import Alarm

Armed = Callable[[], dict[str, datetime]]
"""The moment of each town's latest alarm that can still be forgotten."""

NOW = datetime(2030, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


class AlarmContract:
    """Run by the fake's test and by the adapter's, which give the fixtures."""

    @pytest.fixture
    def alarm(self) -> Alarm:
        """The alarm under test."""
        raise NotImplementedError

    @pytest.fixture
    def armed(self, alarm: Alarm) -> Armed:
        """How to see far alarms."""
        raise NotImplementedError

    @pytest.fixture
    def silent(self) -> Alarm:
        """An alarm that does not answer."""
        raise NotImplementedError

    def test_a_far_alarm_rings_at_its_moment_and_not_earlier(self, alarm: Alarm, armed: Armed) -> None:
        """Up to a second later is fine."""
        at = NOW + timedelta(hours=3)

        alarm.arm("town-1", at, NOW)

        assert timedelta() <= armed()["town-1"] - at < timedelta(seconds=1)

    def test_a_later_arm_replaces_the_alarm_of_the_town(self, alarm: Alarm, armed: Armed) -> None:
        """A town has one far alarm, moved forwards and backwards."""
        for hours in (3, 5, 2):
            alarm.arm("town-1", NOW + timedelta(hours=hours), NOW)

        assert list(armed()) == ["town-1"]
        assert armed()["town-1"] - NOW < timedelta(hours=2, seconds=1)

    def test_towns_have_alarms_of_their_own(self, alarm: Alarm, armed: Armed) -> None:
        """Disarming one leaves the other."""
        alarm.arm("town-1", NOW + timedelta(hours=1), NOW)
        alarm.arm("town-2", NOW + timedelta(hours=1), NOW)

        alarm.disarm("town-1")

        assert set(armed()) == {"town-2"}

    def test_disarming_what_was_never_armed_is_fine(self, alarm: Alarm) -> None:
        """A town that goes away is disarmed in any case."""
        alarm.disarm("town-9")

    def test_an_alarm_that_is_silent_is_unavailable(self, silent: Alarm) -> None:
        """Near, far and disarming alike."""
        for wait in (timedelta(seconds=5), timedelta(hours=5)):
            with pytest.raises(Unavailable):
                silent.arm("town-1", NOW + wait, NOW)
        with pytest.raises(Unavailable):
            silent.disarm("town-1")
