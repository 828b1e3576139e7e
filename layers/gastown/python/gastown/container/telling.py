"""Tells the town what waits in a buffer: in batches, at most one request a second, again until it is heard."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus

from gastown.container.event_buffer import EventBuffer, Numbered
from gastown.container.log import say
from gastown.container.town_answers import TownRefusedError, TownUnreachableError

PERIOD = 1.0
"""Seconds between two requests for the same run."""
LONGEST_WAIT = 30.0
"""Seconds between two attempts while the town cannot be reached; each wait is twice the one before."""
LAST_ATTEMPTS = 6
"""Failed attempts after the run has ended, before what is left is given up: about a minute."""
MALFORMED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE})
"""The town will never take this batch; it may take the next."""

Send = Callable[[Sequence[Numbered]], Awaitable[None]]


class Telling:
    """One run's events on their way to the town."""

    def __init__(
        self, buffer: EventBuffer, send: Send, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """Nothing is told before `run`. `send` is one request, tried once."""
        self._buffer, self._send, self._sleep = buffer, send, sleep
        self._news, self._over = asyncio.Event(), asyncio.Event()
        self._ended = False

    def hear(self) -> None:
        """There is something new in the buffer."""
        self._news.set()

    def end(self) -> None:
        """Nothing more will come: tell what is left."""
        self._ended = True
        self._news.set()

    async def told(self) -> None:
        """Return when the town knows everything, or what is left was given up."""
        await self._over.wait()

    async def run(self) -> None:
        """Tell until the end; returns early when the town does not want to hear of this run any more."""
        try:
            await self._run()
        finally:
            self._over.set()

    async def _run(self) -> None:
        failures = 0
        while await self._has_news():
            try:
                await self._send(self._buffer.take())
            except TownUnreachableError as error:
                failures += 1
                if self._ended and failures >= LAST_ATTEMPTS:
                    say("events.given_up", error=str(error))
                    return
            except TownRefusedError as refusal:
                say("events.refused", status=refusal.status, error=str(refusal))
                if refusal.status not in MALFORMED:
                    return
                self._buffer.settle()
            else:
                failures = 0
                self._buffer.settle()
            if self._ended and not self._buffer.take():
                return
            await self._sleep(min(PERIOD * 2**failures, LONGEST_WAIT))

    async def _has_news(self) -> bool:
        """Wait until there is something to tell; false when nothing will come any more."""
        while not self._buffer.take():
            if self._ended:
                return False
            await self._news.wait()
            self._news.clear()
        return True
