"""The container's calls: retries, renewal, refusals."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from gastown.container.payloads import ACCEPTED
from gastown.container.settings import ContainerSettings
from gastown.container.town_answers import TownRefusedError, TownUnreachableError
from gastown.container.town_client import TownClient

SETTINGS = ContainerSettings(
    api_url="http://town.test",
    town_id="t",
    generation=3,
    boot_code="boot-code",
    agent_command=("true",),
    workspace=Path("/workspace"),
    control_port=0,
    heartbeat_seconds=30,
    agent_user=None,
)
Answers = list[tuple[int, Any]]


def talk(
    answers: Answers, work: Callable[[TownClient], Awaitable[Any]], *, patience: float = 5
) -> tuple[Any, list[httpx.Request]]:
    """Do some calls against these answers in turn; returns the result and the requests."""
    seen: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        status, body = answers.pop(0)
        return httpx.Response(status, json=body) if body is not None else httpx.Response(status, text="oops")

    async def run() -> Any:
        client = TownClient(SETTINGS, transport=httpx.MockTransport(reply), patience=patience)
        client.token = SecretStr("token-one")
        try:
            return await work(client)
        finally:
            await client.close()

    return asyncio.run(run()), seen


def test_a_call_is_repeated_under_one_key() -> None:
    """Trouble that passes is retried, and the town can see that it is the same call."""
    _, seen = talk([(503, None), (502, None), (200, {"success": True})], lambda c: c.acknowledge("c1", ACCEPTED))

    assert [request.url.path for request in seen] == ["/api/towns/t/container/commands/c1/ack"] * 3
    assert len({request.headers["Idempotency-Key"] for request in seen}) == 1
    assert json.loads(seen[0].content) == {"outcome": "accepted"}


def test_a_refusal_is_not_repeated() -> None:
    """A conflict stays a conflict."""
    with pytest.raises(TownRefusedError, match="stale dispatch"):
        talk([(409, {"success": False, "error": "stale dispatch"})], lambda c: c.acknowledge("c1", ACCEPTED))


def test_an_expired_token_is_renewed_once_for_all() -> None:
    """The call is repeated with the new token; a token refused for another reason is not renewed."""
    expired = (401, {"success": False, "error": "Token expired"})
    renewed = (200, {"success": True, "data": {"token": "token-two"}})
    fine = (200, {"success": True, "data": {"git": None}})

    _, seen = talk([expired, renewed, fine], lambda c: c.rig_credentials("r"))
    assert [request.headers["Authorization"] for request in seen][-1] == "Bearer token-two"

    with pytest.raises(TownRefusedError):
        talk([(401, {"success": False, "error": "Unknown token"})], lambda c: c.rig_credentials("r"))


def test_a_heartbeat_is_tried_once() -> None:
    """The next one comes anyway."""
    with pytest.raises(TownUnreachableError):
        talk([(503, None)], lambda c: c.heartbeat([]))


@pytest.mark.parametrize(("body", "words"), [(None, "Invalid JSON"), ({"message": "x"}, "Unexpected response shape")])
def test_answers_of_another_kind_are_named(body: Any, words: str) -> None:
    """A gateway's own error page is told apart from the town's words."""
    with pytest.raises(TownRefusedError, match=words):
        talk([(404, body)], lambda c: c.rig_credentials("r"))


def test_the_boot_code_is_not_shown() -> None:
    """Neither settings nor the client's errors carry it."""
    assert "boot-code" not in repr(SETTINGS)
