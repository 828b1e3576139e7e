"""The container's own token is exchanged before it ends, and not while the container is hydrated."""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr

from gastown.container.hydration_gate import HydrationGate
from gastown.container.token_watch import PERIOD, watch_token
from gastown.container.town_client import RENEWED_BEFORE, TownClient
from tests.unit.container.test_town_client import SETTINGS

NEW = "a-new-token"


def a_token(left: timedelta) -> SecretStr:
    """A token with so much left to live."""
    ends = datetime.now(UTC) + left  # noqa: TID251 the container measures its own time
    claims = base64.urlsafe_b64encode(json.dumps({"exp": int(ends.timestamp())}).encode()).decode().rstrip("=")
    return SecretStr(f"head.{claims}.signature")


class Watched:
    """A client whose town renews, and the calls that it heard."""

    def __init__(self, left: timedelta) -> None:
        """Begin with a token that ends so soon."""
        self.heard: list[str] = []
        self.asked = asyncio.Event()
        self.client = TownClient(SETTINGS, transport=httpx.MockTransport(self.answer))
        self.client.token = a_token(left)
        self.gate = HydrationGate()

    def answer(self, request: httpx.Request) -> httpx.Response:
        """A new token."""
        self.heard.append(request.url.path)
        self.asked.set()
        return httpx.Response(200, json={"success": True, "data": {"token": NEW}})


def test_a_token_is_exchanged_within_half_an_hour_of_its_end() -> None:
    """Looked at once a minute, so that no call of a container that lives for days meets an expired one."""
    assert (PERIOD, RENEWED_BEFORE) == (60.0, timedelta(minutes=30))

    async def run() -> None:
        watched = Watched(timedelta(minutes=29))
        watching = asyncio.create_task(watch_token(watched.client, watched.gate, period=0))
        await watched.asked.wait()
        await watched.client.renew_before_end()  # waits for its turn behind the exchange that is under way
        watching.cancel()
        assert (watched.heard, watched.client.token) == (["/api/towns/t/refresh-container-token"], SecretStr(NEW))

    asyncio.run(run())


@pytest.mark.parametrize(("minutes", "closed"), [(31, False), (29, True)])
def test_a_token_stays_while_it_is_good_and_while_the_container_is_hydrated(minutes: int, closed: bool) -> None:  # noqa: FBT001 a case
    """Prewarm goes on with the token that hydration began with (REQ-7.1)."""

    async def run() -> None:
        watched = Watched(timedelta(minutes=minutes))
        if closed:
            watched.gate.close()
        before = watched.client.token
        watching = asyncio.create_task(watch_token(watched.client, watched.gate, period=0))
        for _ in range(200):
            await asyncio.sleep(0)
        watching.cancel()
        assert ([], before) == (watched.heard, watched.client.token)

    asyncio.run(run())
