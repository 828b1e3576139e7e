"""Hydration: its order, what it starts, what it skips, and that the gate opens however it ends."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from gastown.adapters.system.clock import SystemClock
from gastown.container import hydration
from gastown.container.payloads import Cause
from gastown.container.refusals import RefusedError
from tests.support.container_hall import Hall, a_mayor_start, open_hall, watch_gate

MAYOR = a_mayor_start("mayor").model_dump(mode="json")
OTHER = a_mayor_start("other").model_dump(mode="json")
POLECAT_PAYLOAD = {
    "agent": {"id": "toast", "name": "Toast", "role": "polecat"},
    "rig": {"id": "rig-1", "git_url": "/nowhere.git"},
    "bead": {"id": "bead-1"},
    "branch": "gt/toast/1",
}
POLECAT = {"id": "start-toast-1", "kind": "start", "agent_id": "toast", "dispatch": 1, "payload": POLECAT_PAYLOAD}
CONTEXT = {
    "success": True,
    "agentId": "mayor",
    "model": "big",
    "smallModel": "small",
    "kilocodeToken": "model-token",
    "organizationId": None,
    "start": {name: value for name, value in MAYOR["payload"].items() if name != "words"},
    "access": {"token": "model-token"},
    "env": {},
}


def with_hall(tmp_path: Path, work: Callable[[Hall], Awaitable[Any]]) -> Any:
    """Do something with a container that is not hydrated yet."""

    async def run() -> Any:
        async with open_hall(tmp_path / "workspace") as hall:
            return await work(hall)

    return asyncio.run(run())


def a_token(seconds_left: float) -> SecretStr:
    """A container token that ends then; nobody here looks at its signature."""
    body = (
        base64.urlsafe_b64encode(json.dumps({"exp": int(SystemClock().now().timestamp() + seconds_left)}).encode())
        .decode()
        .rstrip("=")
    )
    return SecretStr(f"head.{body}.signature")


def list_in_registry(hall: Hall, *entries: Any) -> None:
    """Let the registry name these starts."""
    hall.town.answers["container-registry"] = (200, {"success": True, "data": list(entries)})


def paths(hall: Hall) -> list[str]:
    """The last words of all calls, in their order."""
    return [path.rsplit("/", 1)[-1] for _, path, _, _ in hall.town.calls]


def test_a_waiter_is_pending_until_the_registry_has_answered(tmp_path: Path) -> None:
    """The gate is shut before the first step of the task, and opens when hydration returns (REQ-1.2, 1.6)."""

    async def work(hall: Hall) -> None:
        hall.town.held["container-registry"] = asyncio.Event()
        hydrating = hall.process.hydration.begin()
        assert not hall.process.gate.is_open
        waiting = asyncio.ensure_future(hall.process.gate.wait())
        await hall.town.reached["container-registry"].wait()
        assert not waiting.done()

        hall.town.held["container-registry"].set()
        await hydrating
        await waiting

    with_hall(tmp_path, work)


@pytest.mark.parametrize(
    "answer", [(500, {}), (403, {"success": False, "error": "no"}), (200, {"success": True, "data": "x"})]
)
def test_a_failed_hydration_opens_the_gate_too(tmp_path: Path, answer: Any) -> None:
    """Nothing is warmed up for a town that does not answer, and nobody waits for it (REQ-1.2)."""

    async def work(hall: Hall) -> list[str]:
        hall.town.answers["container-registry"] = answer
        await hall.process.hydration.begin()
        await hall.process.gate.wait()
        return paths(hall)

    assert "mayor-id" not in with_hall(tmp_path, work)


def test_a_hydration_that_is_cancelled_before_its_first_step_opens_the_gate(tmp_path: Path) -> None:
    """So does one that is cancelled in the middle."""

    async def work(hall: Hall) -> None:
        hydrating = hall.process.hydration.begin()
        hydrating.cancel()
        await asyncio.wait({hydrating})
        await hall.process.gate.wait()

    with_hall(tmp_path, work)


def test_the_registry_has_ten_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A town that stays silent is given up (REQ-1.8)."""
    assert 10.0 == hydration.REGISTRY_LIMIT
    monkeypatch.setattr(hydration, "REGISTRY_LIMIT", 0.01)

    async def work(hall: Hall) -> None:
        hall.town.held["container-registry"] = asyncio.Event()
        await hall.process.hydration.begin()
        await hall.process.gate.wait()

    with_hall(tmp_path, work)


def test_the_order_is_token_registry_starts_and_the_mayor_last(tmp_path: Path) -> None:
    """A token near its end is exchanged first, and everything after it is said with the new one (REQ-1.8, 1.10)."""

    async def work(hall: Hall) -> Any:
        hall.process.client.token = a_token(29 * 60)
        list_in_registry(hall, POLECAT)
        await hall.process.hydration.begin()
        await hall.process.commands.settle(limit=5)
        return paths(hall), {shown for _, _, _, shown in hall.town.calls[1:]}

    order, shown = with_hall(tmp_path, work)

    assert ["refresh-container-token", "container-registry", "credentials", "mayor-id"] == [
        path for path in order if path != "ack"
    ]
    assert {"Bearer token-two"} == shown


@pytest.mark.parametrize(("left", "renewals"), [(31 * 60, 0), (29 * 60, 1), (-60, 1)])
def test_a_token_is_exchanged_within_half_an_hour_of_its_end(tmp_path: Path, left: float, renewals: int) -> None:
    """Also one that is past it (container facts, 2.12)."""

    async def work(hall: Hall) -> int:
        hall.process.client.token = a_token(left)
        await hall.process.hydration.begin()
        return paths(hall).count("refresh-container-token")

    assert renewals == with_hall(tmp_path, work)


def test_without_a_token_nothing_is_asked_and_the_gate_opens(tmp_path: Path) -> None:
    """There is nobody to ask as (REQ-1.11)."""

    async def work(hall: Hall) -> list[str]:
        hall.process.client.token = None
        await hall.process.hydration.begin()
        await hall.process.gate.wait()
        return paths(hall)

    assert [] == with_hall(tmp_path, work)


def test_starts_of_the_registry_are_made_in_turn_and_answered(tmp_path: Path) -> None:
    """The second begins when the first runs; each is answered once, also when a heartbeat brings one again."""

    async def work(hall: Hall) -> Any:
        list_in_registry(hall, OTHER, a_mayor_start("third").model_dump(mode="json"))
        hall.runtime.hold = asyncio.Event()
        hydrating = hall.process.hydration.begin()
        await hall.runtime.entered.acquire()
        hall.process.commands.submit(a_mayor_start("other"))
        first_only = list(hall.process.roster.records)
        hall.runtime.hold.set()
        await hydrating
        await hall.process.commands.settle(limit=5)
        return first_only, list(hall.process.roster.records), len(hall.runtime.sessions), hall.town.heard("/ack")

    first_only, both, sessions, acks = with_hall(tmp_path, work)

    assert (["other"], ["other", "third"], 2) == (first_only, both, sessions)
    assert ["accepted", "accepted"] == [ack["outcome"] for ack in acks]


def test_a_start_that_a_heartbeat_brought_first_is_left_to_the_gate(tmp_path: Path) -> None:
    """It is started once, after hydration, and hydration does not wait for it."""

    async def work(hall: Hall) -> int:
        list_in_registry(hall, OTHER)
        hall.town.held["container-registry"] = asyncio.Event()
        come = watch_gate(hall.process.gate)
        hydrating = hall.process.hydration.begin()
        hall.process.commands.submit(a_mayor_start("other"))
        await come.wait()
        hall.town.held["container-registry"].set()
        await hydrating
        await hall.process.commands.settle(limit=5)
        return len(hall.runtime.sessions)

    assert 1 == with_hall(tmp_path, work)


@pytest.mark.parametrize("broken", ["text", {}, {"id": "x", "kind": "dance"}, {"id": "x", "kind": "drain"}, POLECAT])
def test_a_broken_entry_and_one_that_fails_are_skipped(tmp_path: Path, broken: Any) -> None:
    """The rest is started all the same (REQ-1.9). The polecat's repository is nowhere."""

    async def work(hall: Hall) -> tuple[bool, int]:
        list_in_registry(hall, broken, OTHER)
        await hall.process.hydration.begin()
        return hall.process.handlers.draining, len(hall.runtime.sessions)

    assert (False, 1) == with_hall(tmp_path, work)


def test_a_container_that_drains_resumes_nothing(tmp_path: Path) -> None:
    """Hydration may not begin what the town no longer wants."""

    async def work(hall: Hall) -> int:
        list_in_registry(hall, OTHER)
        hall.process.handlers.drain(None)
        await hall.process.hydration.begin()
        return len(hall.runtime.spawned)

    assert 0 == with_hall(tmp_path, work)


def test_a_mayor_that_was_resumed_is_not_warmed_up(tmp_path: Path) -> None:
    """It runs already."""

    async def work(hall: Hall) -> list[str]:
        list_in_registry(hall, MAYOR)
        await hall.process.hydration.begin()
        return paths(hall)

    assert "mayor-id" not in with_hall(tmp_path, work)


def test_a_mayor_that_could_not_be_resumed_is_warmed_up(tmp_path: Path) -> None:
    """That it stands in the registry is not enough: the reference's gap (container facts, 2.12)."""

    async def work(hall: Hall) -> int:
        list_in_registry(hall, MAYOR)
        hall.town.answers["mayor-id"] = (200, CONTEXT)
        hall.town.answers["credentials"] = (409, {"success": False, "error": "stale dispatch"})
        await hall.process.hydration.begin()
        return len(hall.runtime.spawned)

    assert 1 == with_hall(tmp_path, work)


def test_a_token_that_is_swapped_meanwhile_leaves_hydration_its_own(tmp_path: Path) -> None:
    """The new one counts after the gate (REQ-7.1)."""

    async def work(hall: Hall) -> list[str]:
        hall.town.held["container-registry"] = asyncio.Event()
        come = watch_gate(hall.process.gate)
        hydrating = hall.process.hydration.begin()
        swapping = asyncio.ensure_future(hall.process.handlers.refresh_token(SecretStr("token-three")))
        await come.wait()
        hall.town.held["container-registry"].set()
        await hydrating
        await swapping
        await hall.process.client.rig_credentials("rig-1")
        return [shown for _, _, _, shown in hall.town.calls]

    assert ["Bearer token-one", "Bearer token-one", "Bearer token-three"] == with_hall(tmp_path, work)


@pytest.mark.parametrize("trouble", [RefusedError(Cause.INFRASTRUCTURE, "no"), OSError("disk"), TimeoutError()])
def test_a_prewarm_that_fails_is_said_and_opens_the_gate(tmp_path: Path, trouble: Exception) -> None:
    """The mayor starts cold then."""

    async def work(hall: Hall) -> int:
        hall.town.answers["mayor-id"] = (200, CONTEXT)
        hall.runtime.trouble = trouble
        await hall.process.hydration.begin()
        hall.runtime.trouble = None
        await hall.process.commands.carry_out(a_mayor_start("mayor"))
        return len(hall.runtime.sessions)

    assert 1 == with_hall(tmp_path, work)
