"""The doorbell: a WebSocket to the town on which any text means "beat now". Losing it only costs speed."""

import asyncio
import random
from collections.abc import Callable

import websockets
from pydantic import SecretStr

from gastown.container.log import say

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds between attempts to connect again, doubled each time, with jitter."""
KEEPALIVE = 240
"""Seconds; the gateway drops connections that are silent for ten minutes."""


class Doorbell:
    """Keeps a connection open and rings for every frame, and once for every new connection."""

    def __init__(self, *, url: str, token: Callable[[], SecretStr | None], ring: Callable[[], None]) -> None:
        """`token` gives the current container token; `ring` is called from the event loop."""
        self._url = url
        self._token = token
        self._ring = ring

    async def run(self) -> None:
        """Connect and listen for ever."""
        wait = FIRST_WAIT
        while True:
            try:
                connected = await self._listen()
            except (OSError, TimeoutError, websockets.WebSocketException) as error:
                connected = False
                say("doorbell.lost", error=type(error).__name__)
            wait = FIRST_WAIT if connected else min(wait * 2, LONGEST_WAIT)
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret

    async def _listen(self) -> bool:
        """Listen until the other side hangs up; true if there was a connection at all."""
        token = self._token()
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        async with websockets.connect(
            self._url, additional_headers=headers, ping_interval=KEEPALIVE, ping_timeout=None, open_timeout=10
        ) as door:
            # Whatever rang while nobody listened is in the answer of this beat.
            self._ring()
            async for _ in door:
                self._ring()
        return True
