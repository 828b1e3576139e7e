"""The town is told in batches, at most one a second, until it has heard, and not for ever."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from gastown.container.event_buffer import EventBuffer, Numbered
from gastown.container.runtimes.runtime import AgentEvent
from gastown.container.telling import LAST_ATTEMPTS, LONGEST_WAIT, Telling
from gastown.container.town_answers import TownRefusedError, TownUnreachableError


class Town:
    """Hears batches; `answers` are raised one after the other instead. Time passes only in its `sleep`."""

    def __init__(self, *answers: Exception | None) -> None:
        """Nothing heard yet."""
        self.buffer = EventBuffer()
        self.telling = Telling(self.buffer, self.hear, sleep=self.sleep)
        self.answers = list(answers)
        self.heard: list[list[int]] = []
        self.asked: list[float] = []
        self.now = 0.0
        self.feed: dict[int, list[Any]] = {}
        """What is said during which sleep."""
        self.ends_in: int | None = None

    def say(self, *texts: Any) -> None:
        """The run does something."""
        for text in texts:
            self.buffer.add(AgentEvent(kind="output", data={"text": text}, at=datetime(2026, 1, 1, tzinfo=UTC)))
        self.telling.hear()

    async def hear(self, batch: Sequence[Numbered]) -> None:
        """One request."""
        self.asked.append(self.now)
        if self.answers and (answer := self.answers.pop(0)) is not None:
            raise answer
        self.heard.append([one.sequence for one in batch])

    async def sleep(self, seconds: float) -> None:
        """Time passes, and what was planned is said."""
        self.now += seconds
        self.say(*self.feed.pop(len(self.asked), []))
        if self.ends_in == len(self.asked):
            self.telling.end()

    def run(self) -> None:
        """Until the run has ended and everything is told."""
        asyncio.run(asyncio.wait_for(self.telling.run(), 30))


def test_everything_that_happened_within_a_second_is_one_request() -> None:
    """However much an agent says, the town is asked once a second."""
    town = Town()
    town.say("a", "b", "c")
    town.feed = {1: ["d"] * 50, 2: ["e"]}
    town.ends_in = 3
    town.run()

    assert [3, 50, 1] == [len(batch) for batch in town.heard]
    assert [0, 1, 2] == town.asked


def test_a_batch_that_was_not_heard_is_told_again_as_it_was() -> None:
    """Less and less often; what has happened since is in the next."""
    lost = TownUnreachableError("HTTP 503")
    town = Town(lost, lost, *[lost] * 6)
    town.say("a", "b")
    town.feed = {1: ["c"]}
    town.ends_in = 9
    town.run()

    assert [[1, 2], [3]] == town.heard
    waits = [after - before for before, after in zip(town.asked, town.asked[1:], strict=False)]
    assert [2, 4, 8, 16, LONGEST_WAIT, LONGEST_WAIT] == waits[:6]


@pytest.mark.parametrize("status", [401, 403, 404, 409])
def test_a_town_that_does_not_want_to_hear_is_not_asked_again(status: int) -> None:
    """The run is of an older generation, or its agent is gone."""
    town = Town(TownRefusedError(status, "no"))
    town.say("a")
    town.run()

    assert ([], 1) == (town.heard, len(town.asked))


@pytest.mark.parametrize("status", [400, 413])
def test_a_batch_that_the_town_cannot_read_is_left_out(status: int) -> None:
    """It would block everything after it for ever."""
    town = Town(TownRefusedError(status, "what?"))
    town.say("a")
    town.feed = {1: ["b"]}
    town.ends_in = 2
    town.run()

    assert [[2]] == town.heard


def test_after_the_end_the_town_is_not_waited_for_endlessly() -> None:
    """What is left is given up after some attempts."""
    town = Town(*[TownUnreachableError("HTTP 503")] * 100)
    town.say("a")
    town.telling.end()
    town.run()

    assert LAST_ATTEMPTS == len(town.asked)


def test_a_run_that_ends_in_silence_asks_nothing() -> None:
    """There is nothing to tell."""
    town = Town()
    town.telling.end()
    town.run()

    assert [] == town.asked


def test_whoever_waits_for_the_last_words_goes_on_as_soon_as_they_are_heard() -> None:
    """No second passes after the last request, for nothing follows it."""
    town = Town()
    town.say("a")
    town.telling.end()

    async def wait() -> float:
        telling = asyncio.create_task(town.telling.run())
        await asyncio.wait_for(town.telling.told(), 30)
        await telling
        return town.now

    assert 0 == asyncio.run(wait())


@pytest.mark.parametrize("answer", [TownRefusedError(409, "no"), TownUnreachableError("HTTP 503")])
def test_nobody_waits_for_words_that_were_given_up(answer: Exception) -> None:
    """The town did not want them, or could not be reached for too long."""
    town = Town(*[answer] * 100)
    town.say("a")
    town.telling.end()
    town.run()

    asyncio.run(asyncio.wait_for(town.telling.told(), 30))
