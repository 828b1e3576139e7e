"""The effects queue in memory keeps the contract of its port."""

import pytest

from gastown.domain.errors import Unavailable
from tests.support.contracts.effects_queue import EffectsQueueContract, Receive
from tests.support.fakes.effects_queue import MemoryEffectsQueue


class TestMemoryEffectsQueue(EffectsQueueContract):
    """The contract, on the fake."""

    @pytest.fixture
    def effects_queue(self) -> MemoryEffectsQueue:
        """A fresh fake."""
        return MemoryEffectsQueue()

    @pytest.fixture
    def silent(self) -> MemoryEffectsQueue:
        """A fake that was told to fail."""
        fake = MemoryEffectsQueue()
        fake.failure = Unavailable("told to fail")
        return fake

    @pytest.fixture
    def receive(self, effects_queue: MemoryEffectsQueue) -> Receive:
        """What was published arrives."""
        return lambda: set(effects_queue.messages)
