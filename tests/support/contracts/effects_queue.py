"""What every effects queue keeps."""

from collections.abc import Callable

import pytest

from gastown.domain.errors import Unavailable
from gastown.ports.effects_queue import EffectsQueue

Receive = Callable[[], set[tuple[str, str]]]
"""The (town, outbox key) of every message that has arrived."""


class EffectsQueueContract:
    """Run by the fake's test and by the adapter's, which give the fixtures."""

    @pytest.fixture
    def effects_queue(self) -> EffectsQueue:
        """The queue under test."""
        raise NotImplementedError

    @pytest.fixture
    def receive(self, effects_queue: EffectsQueue) -> Receive:
        """How to see what arrived."""
        raise NotImplementedError

    @pytest.fixture
    def silent(self) -> EffectsQueue:
        """A queue that does not answer."""
        raise NotImplementedError

    def test_each_key_is_a_message(self, effects_queue: EffectsQueue, receive: Receive) -> None:
        """Also when there are more keys than fit into one request."""
        keys = [f"OUTBOX#{number}" for number in range(23)]

        effects_queue.publish("town-1", keys)

        assert receive() == {("town-1", key) for key in keys}

    def test_no_keys_are_no_messages(self, effects_queue: EffectsQueue, receive: Receive) -> None:
        """Nothing to announce is no fault."""
        effects_queue.publish("town-1", [])

        assert receive() == set()

    def test_a_queue_that_is_silent_is_unavailable(self, silent: EffectsQueue) -> None:
        """The caller learns that the effects were not announced."""
        with pytest.raises(Unavailable):
            silent.publish("town-1", ["OUTBOX#1"])
