"""The wake queue in memory keeps the contract of its port."""

import pytest

from gastown.domain.errors import Unavailable
from tests.support.contracts.wake_queue import Receive, WakeQueueContract
from tests.support.fakes.wake_queue import MemoryWakeQueue


class TestMemoryWakeQueue(WakeQueueContract):
    """The contract, on the fake."""

    @pytest.fixture
    def wake_queue(self) -> MemoryWakeQueue:
        """A fresh fake."""
        return MemoryWakeQueue()

    @pytest.fixture
    def silent(self) -> MemoryWakeQueue:
        """A fake that was told to fail."""
        fake = MemoryWakeQueue()
        fake.failure = Unavailable("told to fail")
        return fake

    @pytest.fixture
    def receive(self, wake_queue: MemoryWakeQueue) -> Receive:
        """What was asked for arrives."""
        return lambda: [(wake.town_id, wake.cause) for wake in wake_queue.wakes]
