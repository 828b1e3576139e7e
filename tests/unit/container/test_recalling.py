"""A mayor's session begins with all that was said before it, however soon it follows the one that said it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from gastown.container import starting
from gastown.container.roster import Record
from gastown.container.runtimes.runtime import AgentEvent
from tests.support.container_hall import BEGAN, SOON, Hall, a_mayor_start, open_hall

LAST_WORDS = "last words"


def with_last_words_under_way(tmp_path: Path, work: Callable[[Hall, asyncio.Event], Awaitable[Any]]) -> Any:
    """Do something when a session has ended and the request with its last words waits for the given event."""

    async def run() -> Any:
        async with open_hall(tmp_path / "workspace") as hall:
            town = hall.town
            town.answers["conversation"] = lambda: (200, {"success": True, "data": {"block": " ".join(town.settled)}})
            hall.process.watching.open(hall.process.client)
            await hall.process.commands.carry_out(a_mayor_start())
            heard = town.held["events"] = asyncio.Event()
            [session] = hall.runtime.sessions
            session.launch.listener(AgentEvent(kind="output", data={"text": LAST_WORDS}, at=BEGAN))
            await asyncio.wait_for(town.reached["events"].wait(), SOON)
            session.over.set()
            return await work(hall, heard)

    return asyncio.run(run())


def test_a_session_waits_until_the_last_words_of_the_one_before_are_heard(tmp_path: Path) -> None:
    """Its end is reported while they are on their way, and what is said next starts another at once."""

    async def work(hall: Hall, heard: asyncio.Event) -> str:
        waits, wait = asyncio.Event(), hall.process.watching.told_before

        async def watched(record: Record, *, limit: float) -> bool:
            waits.set()
            return await wait(record, limit=limit)

        hall.process.watching.told_before = watched  # type: ignore[method-assign]
        following = asyncio.create_task(hall.process.commands.carry_out(a_mayor_start(dispatch=2)))
        await asyncio.wait_for(waits.wait(), SOON)
        heard.set()
        await asyncio.wait_for(following, SOON)
        return hall.runtime.sessions[1].launch.history

    assert "/events" in with_last_words_under_way(tmp_path, work)


def test_a_town_that_does_not_hear_is_not_waited_for_endlessly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mayor starts with what the town knows, and the log says that it is not all."""
    said: list[str] = []
    monkeypatch.setattr(starting, "RECALL_SECONDS", 0)
    monkeypatch.setattr(starting, "say", lambda message, **_: said.append(message))

    async def work(hall: Hall, heard: asyncio.Event) -> str:
        await asyncio.wait_for(hall.process.commands.carry_out(a_mayor_start(dispatch=2)), SOON)
        heard.set()
        return hall.runtime.sessions[1].launch.history

    assert "/events" not in with_last_words_under_way(tmp_path, work)
    assert "conversation.incomplete" in said
