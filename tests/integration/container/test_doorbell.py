"""The doorbell over a real WebSocket, and the heartbeat it rings."""

import asyncio

import pytest
import websockets
from pydantic import SecretStr

from gastown.container import doorbell
from gastown.container.doorbell import Doorbell

RINGS = 4
"""Two connections with one frame each."""


class Town:
    """The other end: answers every connection with one frame and hangs up; counts rings."""

    def __init__(self) -> None:
        """Nobody came yet."""
        self.shown: list[str | None] = []
        self.rings = 0
        self.enough = asyncio.Event()

    async def welcome(self, door: websockets.ServerConnection) -> None:
        """One frame, then good-bye."""
        self.shown.append(door.request.headers.get("Authorization") if door.request else None)
        await door.send("anything")
        await door.close()

    def ring(self) -> None:
        """Count."""
        self.rings += 1
        if self.rings >= RINGS:
            self.enough.set()


def test_every_frame_and_every_connection_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The token is in a header, any text rings, and a lost connection is made again."""
    monkeypatch.setattr(doorbell, "FIRST_WAIT", 0.05)

    async def run() -> Town:
        town = Town()
        async with websockets.serve(town.welcome, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            bell = Doorbell(url=f"ws://127.0.0.1:{port}", token=lambda: SecretStr("the-token"), ring=town.ring)
            task = asyncio.create_task(bell.run())
            await asyncio.wait_for(town.enough.wait(), 10)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return town

    town = asyncio.run(run())

    assert len(town.shown) >= 2
    assert set(town.shown) == {"Bearer the-token"}
