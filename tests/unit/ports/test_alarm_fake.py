"""The alarm in memory keeps the contract of its port."""

from datetime import timedelta

import pytest

from gastown.domain.errors import Unavailable
from tests.support.contracts.alarm import NOW, AlarmContract, Armed
from tests.support.fakes.alarm import MemoryAlarm


class TestMemoryAlarm(AlarmContract):
    """The contract, on the fake."""

    @pytest.fixture
    def alarm(self) -> MemoryAlarm:
        """A fresh fake."""
        return MemoryAlarm()

    @pytest.fixture
    def silent(self) -> MemoryAlarm:
        """A fake that was told to fail."""
        fake = MemoryAlarm()
        fake.failure = Unavailable("told to fail")
        return fake

    @pytest.fixture
    def armed(self, alarm: MemoryAlarm) -> Armed:
        """The fake keeps near and far alarms in one place."""
        return lambda: dict(alarm.armed)

    def test_it_rings_once(self, alarm: MemoryAlarm) -> None:
        """Not before its moment, and not again."""
        alarm.arm("town-1", NOW + timedelta(seconds=5), NOW)
        later = NOW + timedelta(seconds=5)

        assert [alarm.ring(NOW), alarm.ring(later), alarm.ring(later)] == [[], ["town-1"], []]
