"""The control server's endpoints: who may call, what is checked first, and what waits at the gate of hydration."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gastown.container.control import build_control
from gastown.container.control_key import ControlKey
from tests.support.container_hall import TOWN, Hall, a_mayor_start, open_hall, watch_gate

START = {"dispatch": 1, "payload": a_mayor_start().payload}
ESCAPING = {"id": "../x", "name": "x", "role": "mayor"}
MERGE = {
    "review_id": "r",
    "attempt": 1,
    "rig": {"id": "rig-1", "git_url": "/nowhere.git"},
    "branch": "gt/a/1",
    "sha": "0123456",
    "target_branch": "main",
}
ENTRIES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "start": ("POST", "/agents/start", START),
    "message": ("POST", "/agents/known/message", {"prompt": "hello"}),
    "model": ("PATCH", "/agents/known/model", {"model": "bigger"}),
    "system prompt": ("PUT", "/agents/known/system-prompt", {"systemPrompt": "Be brief"}),
    "token": ("POST", "/refresh-token", {"token": "token-three"}),
    "config": ("POST", "/sync-config", {}),
    "merge": ("POST", "/git/merge", MERGE),
    "setup": ("POST", "/repos/setup", {"rig": MERGE["rig"]}),
}
"""Every entry point that changes what all of a container shares."""
BEGINNING = ("start", "model", "system prompt", "merge", "setup")
"""Those that begin something; a container that drains still needs the rest."""

Ask = Callable[..., Awaitable[httpx.Response]]


def with_control(tmp_path: Path, work: Callable[[Hall, Ask], Awaitable[Any]]) -> Any:
    """Do something with a container that has one mayor called `known`, and with its control server."""

    async def run() -> Any:
        async with open_hall(tmp_path / "workspace") as hall:
            await hall.process.commands.carry_out(a_mayor_start("known"))
            key = ControlKey(value="the-key")
            app = build_control(hall.process.handlers, hall.process.roster, town_id=TOWN, key=key)
            headers = {"authorization": f"Bearer {key.value}"}
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://c", headers=headers) as client:
                return await work(hall, client.request)

    return asyncio.run(run())


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_that_changes_shared_state_waits_at_the_gate(tmp_path: Path, entry: str) -> None:
    """It is pending while hydration runs, and done when that is over (REQ-1.3, 1.4, 1.5, R.2)."""
    method, path, body = ENTRIES[entry]

    async def work(hall: Hall, ask: Ask) -> tuple[bool, int]:
        end, come = hall.process.gate.close(), watch_gate(hall.process.gate)
        asking = asyncio.ensure_future(ask(method, path, json=body))
        await come.wait()
        waited = not asking.done()
        end()
        return waited, (await asking).status_code

    waited, status = with_control(tmp_path, work)

    assert waited
    assert status in {200, 201, 202}


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_gate_that_stays_shut_is_a_refusal_to_come_back_from(tmp_path: Path, entry: str) -> None:
    """503 with Retry-After, and nothing was changed (REQ-R.2b)."""
    method, path, body = ENTRIES[entry]

    async def work(hall: Hall, ask: Ask) -> tuple[httpx.Response, int, Any]:
        hall.process.gate._limit = 0
        hall.process.gate.close()
        return await ask(method, path, json=body), len(hall.runtime.sessions), hall.process.client.token

    refused, sessions, token = with_control(tmp_path, work)

    assert 503 == refused.status_code
    assert int(refused.headers["retry-after"]) > 0
    assert (1, "token-one") == (sessions, token.get_secret_value())


@pytest.mark.parametrize(
    ("entry", "body"),
    [
        ("start", {"dispatch": 1, "payload": {}}),
        ("start", {"dispatch": 1, "payload": {**a_mayor_start().payload, "agent": ESCAPING}}),
        ("message", {}),
        ("model", {"model": ""}),
        ("system prompt", {}),
        ("token", {"token": ""}),
        ("token", {"token": "x", "townId": "another"}),
        ("merge", {}),
        ("setup", {"rig": {"id": "rig-1", "git_url": "ftp://x"}}),
    ],
)
def test_what_makes_no_sense_is_refused_without_waiting(tmp_path: Path, entry: str, body: dict[str, Any]) -> None:
    """Validation comes before the gate (REQ-1.3)."""
    method, path, _ = ENTRIES[entry]

    async def work(hall: Hall, ask: Ask) -> int:
        hall.process.gate.close()
        return (await ask(method, path, json=body)).status_code

    assert 400 == with_control(tmp_path, work)


@pytest.mark.parametrize("entry", ["message", "model", "system prompt"])
def test_an_agent_nobody_knows_is_missing_without_waiting(tmp_path: Path, entry: str) -> None:
    """404, whatever hydration does."""
    method, path, body = ENTRIES[entry]

    async def work(hall: Hall, ask: Ask) -> int:
        hall.process.gate.close()
        return (await ask(method, path.replace("known", "nobody"), json=body)).status_code

    assert 404 == with_control(tmp_path, work)


@pytest.mark.parametrize("entry", ENTRIES)
def test_draining_is_looked_at_again_after_the_wait(tmp_path: Path, entry: str) -> None:
    """What would begin something in a container that began to drain meanwhile is refused (REQ-R.2a)."""
    method, path, body = ENTRIES[entry]

    async def work(hall: Hall, ask: Ask) -> int:
        end, come = hall.process.gate.close(), watch_gate(hall.process.gate)
        asking = asyncio.ensure_future(ask(method, path, json=body))
        await come.wait()
        hall.process.handlers.drain(None)
        end()
        return (await asking).status_code

    assert (with_control(tmp_path, work) == 503) == (entry in BEGINNING)


def test_a_start_is_refused_while_draining_before_its_body_is_read(tmp_path: Path) -> None:
    """503 even for nonsense (container facts, 1.4)."""

    async def work(hall: Hall, ask: Ask) -> int:
        hall.process.handlers.drain(None)
        return (await ask("POST", "/agents/start", json={})).status_code

    assert 503 == with_control(tmp_path, work)


def test_a_new_token_counts_from_the_moment_the_gate_opens(tmp_path: Path) -> None:
    """Hydration ends with the token it began with (REQ-1.4, 7.1)."""

    async def work(hall: Hall, ask: Ask) -> list[str]:
        end, come = hall.process.gate.close(), watch_gate(hall.process.gate)
        asking = asyncio.ensure_future(ask("POST", "/refresh-token", json={"token": "token-three", "townId": TOWN}))
        await come.wait()
        token = hall.process.client.token
        assert token is not None
        seen = [token.get_secret_value()]
        end()
        assert {"refreshed": True, "agentsRestarted": 0, "agentsFailed": 0, "results": []} == (await asking).json()
        newer = hall.process.client.token
        return [*seen, newer.get_secret_value() if newer else ""]

    assert ["token-one", "token-three"] == with_control(tmp_path, work)


def test_settings_reach_the_running_mayor(tmp_path: Path) -> None:
    """Its model at once, what it is to keep in mind with the file that it reads each turn."""

    async def work(hall: Hall, ask: Ask) -> tuple[list[int], Any, str]:
        wishes = [{"model": "bigger", "smallModel": "smaller"}]
        answers = [await ask("PATCH", "/agents/known/model", json=wish) for wish in wishes]
        answers.append(await ask("PUT", "/agents/known/system-prompt", json={"systemPrompt": "Be brief"}))
        text = (tmp_path / "workspace" / "mayor" / "AGENTS.md").read_text()
        return [answer.status_code for answer in answers], hall.runtime.sessions[0].models, text

    statuses, models, text = with_control(tmp_path, work)

    assert ([200, 200], [("bigger", "smaller")]) == (statuses, models)
    assert "Be brief" in text


def test_health_says_since_when_there_is_a_mayor(tmp_path: Path) -> None:
    """The first time in this container; without one, nothing (container facts, 2)."""

    async def work(hall: Hall, ask: Ask) -> list[Any]:
        began = (await ask("GET", "/agents/known/status")).json()["startedAt"]
        first = (await ask("GET", "/health")).json()["mayorReadyAt"]
        await hall.process.commands.carry_out(a_mayor_start("another"))
        later = (await ask("GET", "/health")).json()["mayorReadyAt"]
        hall.process.watching.mayor_ready_at = None
        return [began, first, later, "mayorReadyAt" in (await ask("GET", "/health")).json()]

    began, first, later, shown = with_control(tmp_path, work)

    assert datetime.fromisoformat(began) <= datetime.fromisoformat(first)
    assert (first, False) == (later, shown)


def test_without_the_key_only_health_answers(tmp_path: Path) -> None:
    """Agents reach this port too; none of them may stop another or swap the container's token."""

    async def work(hall: Hall, ask: Ask) -> list[int]:
        wrong = {"authorization": "Bearer guess"}
        statuses = [(await ask(m, path, json=body, headers=wrong)).status_code for m, path, body in ENTRIES.values()]
        statuses.append((await ask("POST", "/agents/known/stop", headers=wrong)).status_code)
        statuses.append((await ask("GET", "/agents/known/status", headers=wrong)).status_code)
        assert 200 == (await ask("GET", "/health", headers=wrong)).status_code
        return statuses

    assert {401} == set(with_control(tmp_path, work))


def test_the_key_is_for_the_containers_own_account(tmp_path: Path) -> None:
    """Nobody else can read it, and it is new in each container."""
    first, second = ControlKey.make(tmp_path), ControlKey.make(tmp_path)
    path = tmp_path / "control-key"

    assert (second.value, 0o600) == (path.read_text(), path.stat().st_mode & 0o777)
    assert first.value != second.value
    assert second.value not in repr(second)
