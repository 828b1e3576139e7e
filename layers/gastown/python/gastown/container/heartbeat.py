"""One heartbeat for all agents: every 30 s, and at once when somebody rings. Its answer brings commands."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from gastown.container.log import say
from gastown.container.payloads import HeartbeatAnswer
from gastown.container.roster import Roster
from gastown.container.town_answers import TownRefusedError, TownUnreachableError
from gastown.container.town_client import TownClient

REFUSALS_TO_LEAVE = 10
"""So many refused beats in a row mean that the town knows this container no more."""
RETRY_SECONDS = 5.0
"""After a beat that did not get through, the next one comes sooner."""


class Heartbeat:
    """Beats until the container is superseded or ends."""

    def __init__(
        self,
        *,
        client: TownClient,
        roster: Roster,
        obey: Callable[[HeartbeatAnswer], Awaitable[None]],
        period: float,
    ) -> None:
        """`obey` gets every answer; `period` is in seconds."""
        self._client = client
        self._roster = roster
        self._obey = obey
        self._period = period
        self._rung = asyncio.Event()
        self._refusals = 0

    def ring(self) -> None:
        """Beat at once."""
        self._rung.set()

    async def run(self) -> None:
        """Beat for ever; returns when this container is superseded."""
        while True:
            self._rung.clear()
            wait = self._period
            try:
                answer = await self._client.heartbeat([record.beat() for record in self._roster.active()])
            except TownUnreachableError as error:
                wait = min(RETRY_SECONDS, self._period)
                say("heartbeat.unreachable", error=str(error))
            except TownRefusedError as error:
                say("heartbeat.refused", error=str(error), status=error.status)
                self._refusals += 1
                if error.status == HTTPStatus.CONFLICT or self._refusals >= REFUSALS_TO_LEAVE:
                    return
            else:
                self._refusals = 0
                if answer.superseded:
                    return
                await self._obey(answer)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._rung.wait(), wait)
