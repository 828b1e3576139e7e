"""What every wake queue keeps."""

from collections.abc import Callable

import pytest

from gastown.domain.errors import Unavailable
from gastown.ports.wake_queue import WakeQueue

Receive = Callable[[], list[tuple[str, str]]]
"""The (town, cause) of every wake that has arrived, in the order of arrival."""


class WakeQueueContract:
    """Run by the fake's test and by the adapter's, which give the fixtures."""

    @pytest.fixture
    def wake_queue(self) -> WakeQueue:
        """The queue under test."""
        raise NotImplementedError

    @pytest.fixture
    def receive(self, wake_queue: WakeQueue) -> Receive:
        """How to see what arrived."""
        raise NotImplementedError

    @pytest.fixture
    def silent(self) -> WakeQueue:
        """A queue that does not answer."""
        raise NotImplementedError

    def test_a_wake_names_its_town_and_cause(self, wake_queue: WakeQueue, receive: Receive) -> None:
        """Whoever receives a wake learns which town it is for and why."""
        wake_queue.wake("town-1", cause="bead_created", dedup="commit-1")

        assert receive() == [("town-1", "bead_created")]

    def test_wakes_of_one_town_keep_their_order(self, wake_queue: WakeQueue, receive: Receive) -> None:
        """One group a town: first asked, first received."""
        for number in range(3):
            wake_queue.wake("town-1", cause=f"cause-{number}", dedup=f"commit-{number}")

        assert [cause for _, cause in receive()] == ["cause-0", "cause-1", "cause-2"]

    def test_equal_dedups_of_two_towns_are_two_wakes(self, wake_queue: WakeQueue, receive: Receive) -> None:
        """A town never loses its wake to another town's."""
        wake_queue.wake("town-1", cause="more", dedup="7-more")
        wake_queue.wake("town-2", cause="more", dedup="7-more")

        assert {town for town, _ in receive()} == {"town-1", "town-2"}

    def test_any_text_is_a_dedup(self, wake_queue: WakeQueue, receive: Receive) -> None:
        """Ids from outside are long and have spaces and letters of all alphabets in them."""
        wake_queue.wake("town-1", cause="event", dedup="ünïcode and spaces " * 30)

        assert receive() == [("town-1", "event")]

    def test_a_queue_that_is_silent_is_unavailable(self, silent: WakeQueue) -> None:
        """The caller learns that the wake was not sent."""
        with pytest.raises(Unavailable):
            silent.wake("town-1", cause="more", dedup="1")
