"""The mayor made warm: one builder for prewarm and start, so that the start finds its server and replaces nothing."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from gastown.container import prewarm
from gastown.container.broker import build_broker
from gastown.container.log import JsonLines, logger
from gastown.container.mayor_context import MayorContext
from gastown.container.tools.credential_helper import PASS
from gastown.container.tools.toolbox import tools_of
from tests.support.container_hall import TOWN, Hall, a_mayor_start, open_hall

START = a_mayor_start().payload
KNOWN: dict[str, Any] = {
    "success": True,
    "agentId": "mayor",
    "model": "big",
    "smallModel": "small",
    "kilocodeToken": "model-token-of-the-test",
    "organizationId": None,
    "githubToken": "github-token-of-the-test",
    "githubCliPat": "pat-of-the-test",
    "start": {name: value for name, value in START.items() if name != "words"},
    "access": {"token": "model-token-of-the-test", "organization_id": None},
    "env": {"WISHED": "yes"},
    "somethingNew": 1,
}
GIVEN: dict[str, Any] = {
    "agent_token": "agent-token-of-the-test",
    "git": {
        "username": "x-access-token",
        "password": "github-token-of-the-test",
        "repository": "https://github.com/acme/widgets.git",
    },
    "tools": {"GH_TOKEN": "pat-of-the-test"},
    "env": {"WISHED": "yes"},
    "model": {"token": "model-token-of-the-test", "organization_id": None},
}


ASKED: list[tuple[str, dict[str, Any]]] = [
    ("/call", {"tool": "gt_rigs", "values": {}}),
    ("/tools", {}),
    ("/git", {"protocol": "https", "host": "github.com", "path": "acme/widgets.git"}),
    ("/git", {"protocol": "https", "host": "github.com", "path": "acme/another.git"}),
]


def hydrated(tmp_path: Path, work: Callable[[Hall], Awaitable[Any]], **changes: Any) -> Any:
    """Do something with a hydrated container whose town has a mayor."""

    async def run() -> Any:
        async with open_hall(tmp_path / "workspace") as hall:
            hall.town.answers["mayor-id"] = (200, {**KNOWN, **changes})
            hall.town.answers["credentials"] = (200, {"success": True, "data": GIVEN})
            await hall.process.hydration.begin()
            return await work(hall)

    return asyncio.run(run())


async def start_mayor(hall: Hall, **changes: Any) -> None:
    """The town's start arrives."""
    await hall.process.commands.carry_out(a_mayor_start(**changes))


def test_a_start_after_a_prewarm_spawns_nothing(tmp_path: Path) -> None:
    """Environment and configuration are the same, byte for byte (REQ-1.13, 1.15)."""

    async def work(hall: Hall) -> Any:
        [warmed] = hall.runtime.spawned
        await start_mayor(hall)
        return warmed, hall.runtime.sessions[0].launch, len(hall.runtime.spawned)

    warmed, started, spawned = hydrated(tmp_path, work)

    assert 1 == spawned
    assert json.dumps(dict(warmed.environment)) == json.dumps(dict(started.environment))
    configuration = ("folder", "agent_id", "role", "model", "small_model", "access", "system", "account", "resume")
    assert [getattr(warmed, name) for name in configuration] == [getattr(started, name) for name in configuration]
    assert ("", True) == (warmed.prompt, "Build a house" in started.prompt)


@pytest.mark.parametrize("change", [{"model": "other"}, {"small_model": "other"}])
def test_a_start_with_another_configuration_replaces_what_was_warm(tmp_path: Path, change: dict[str, str]) -> None:
    """The settings were changed in between (REQ-1.15)."""

    async def work(hall: Hall) -> int:
        await start_mayor(hall, **change)
        return len(hall.runtime.spawned)

    assert 2 == hydrated(tmp_path, work)


def test_a_warm_mayor_has_its_identity_home_and_tools(tmp_path: Path) -> None:
    """What says who it is is there before its first word; tools key on the role at that moment (REQ-1.17, 1.18)."""

    async def work(hall: Hall) -> Any:
        return hall.runtime.spawned[0]

    environment = hydrated(tmp_path, work).environment

    assert {
        "GASTOWN_AGENT_ID": "mayor",
        "GASTOWN_AGENT_ROLE": "mayor",
        "GASTOWN_TOWN_ID": TOWN,
        "GASTOWN_RIG_ID": f"mayor-{TOWN}",
        "GASTOWN_API_URL": "http://town.test",
        "WISHED": "yes",
    }.items() <= environment.items()
    assert environment["HOME"] == str(tmp_path / "workspace" / "agents" / "mayor")
    names = {tool.name for tool in tools_of(environment["GASTOWN_AGENT_ROLE"])}
    assert {"gt_sling_batch", "gt_rigs"} <= names


def test_a_warm_mayor_is_signed_in_from_its_first_second(tmp_path: Path) -> None:
    """With the pass that its server was made ready with: its tools, `gh`, and git for its repository alone.

    A token that was renewed in between reaches it too, because each call asks anew (REQ-6.8, 6.9).
    """

    async def work(hall: Hall) -> Any:
        shown = {"authorization": f"Bearer {hall.runtime.spawned[0].environment[PASS]}"}
        process = hall.process
        broker = build_broker(process.outfit.passes, process.roster, process.client, TOWN)
        transport = httpx.ASGITransport(app=broker)
        async with httpx.AsyncClient(transport=transport, base_url="http://broker", headers=shown) as client:
            early = await client.post("/call", json=ASKED[0][1])
            await start_mayor(hall)
            answers = [await client.post(path, json=asked) for path, asked in ASKED]
        used = [token for _, path, _, token in hall.town.calls if path == f"/api/mayor/{TOWN}/tools/rigs"]
        return early.status_code, used, answers

    early, used, (rigs, tools, own, other) = hydrated(tmp_path, work)

    assert 409 == early
    assert (["Bearer agent-token-of-the-test"], {"data": {}}) == (used, rigs.json())
    assert {"GH_TOKEN": "pat-of-the-test"} == tools.json()
    assert ("github-token-of-the-test", 403) == (own.json()["password"], other.status_code)


def test_the_mayors_folder_is_there_before_its_server(tmp_path: Path) -> None:
    """A server that changes into it finds it, with what people want the mayor to keep in mind (REQ-1.16)."""

    async def work(hall: Hall) -> Path:
        return hall.runtime.spawned[0].folder

    folder = hydrated(tmp_path, work, start={**KNOWN["start"], "instructions": "Be brief"})

    assert tmp_path / "workspace" / "mayor" == folder
    assert "Be brief" in (folder / "AGENTS.md").read_text()


def test_a_folder_that_leads_elsewhere_fails_the_prewarm(tmp_path: Path) -> None:
    """A server there would never be found again (REQ-N.4)."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "mayor").symlink_to(tmp_path / "elsewhere")

    async def work(hall: Hall) -> int:
        return len(hall.runtime.spawned)

    assert 0 == hydrated(tmp_path, work)


@pytest.mark.parametrize(
    "changes",
    [
        {"agentId": None},
        {"start": None},
        {"access": None},
        {"start": {**KNOWN["start"], "model": None}},
        {"start": {**KNOWN["start"], "small_model": None}},
    ],
    ids=["no mayor", "an older town", "no token", "no model", "no small model"],
)
def test_without_all_that_a_start_needs_nothing_is_guessed(tmp_path: Path, changes: dict[str, Any]) -> None:
    """No prewarm is better than one that the start throws away (REQ-1.14, N.1)."""

    async def work(hall: Hall) -> int:
        return len(hall.runtime.spawned)

    assert 0 == hydrated(tmp_path, work, **changes)


@pytest.mark.parametrize("answer", [{"success": True, "agentId": "mayor"}, {"success": True, "agentId": None}])
def test_an_older_answer_is_understood(answer: dict[str, Any]) -> None:
    """Only the id, or not even that: nothing is warmed up, and nothing breaks (REQ-N.1)."""
    assert MayorContext.model_validate(answer).lacks()


def test_no_organisation_is_an_answer_and_silence_is_none() -> None:
    """A town that says nothing of it may start the mayor for one that is not known here (REQ-N.3)."""
    silent = {name: value for name, value in KNOWN.items() if name != "organizationId"}

    assert not MayorContext.model_validate(KNOWN).lacks()
    assert "older town" in MayorContext.model_validate(silent).lacks()


def test_a_warm_up_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Context in ten seconds, server in thirty: below the limit of the gate (requirements, numbers)."""
    assert (10.0, 30.0) == (prewarm.CONTEXT_LIMIT, prewarm.WARM_LIMIT)
    monkeypatch.setattr(prewarm, "WARM_LIMIT", 0.01)

    async def run() -> bool:
        async with open_hall(tmp_path / "workspace") as hall:
            hall.town.answers["mayor-id"] = (200, KNOWN)
            hall.runtime.hold = asyncio.Event()
            await hall.process.hydration.begin()
            return hall.process.gate.is_open

    assert asyncio.run(run())


def test_no_credential_of_the_mayor_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither what the context says nor what the start gets; a picture of the context shows none either."""
    logger.propagate = True

    async def work(hall: Hall) -> None:
        await start_mayor(hall)

    try:
        with caplog.at_level("INFO", logger="gastown.container"):
            hydrated(tmp_path, work)
    finally:
        logger.propagate = False
    text = "\n".join(JsonLines().format(record) for record in caplog.records)

    assert "mayor.prewarm_complete" in text
    shown = text + repr(MayorContext.model_validate(KNOWN))
    assert [] == [
        secret for secret in (*map(str, GIVEN["tools"].values()), "model-token-of-the-test") if secret in shown
    ]
