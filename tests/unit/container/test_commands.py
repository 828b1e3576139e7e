"""Commands of the town: done once, held at the gate like any other caller, and one agent's starts one after another."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from gastown.container.payloads import Cause, Command, CommandKind, When
from gastown.container.refusals import RefusedError
from tests.support.container_hall import Hall, a_mayor_start, open_hall, watch_gate

RIG = {"id": "rig-1", "git_url": "/nowhere.git"}
PULLED = {
    CommandKind.START: a_mayor_start("another").payload,
    CommandKind.MESSAGE: {"prompt": "hello"},
    CommandKind.MODEL: {"model": "bigger", "small_model": None},
    CommandKind.CONFIG: {"instructions": "Be brief"},
    CommandKind.MERGE: {
        "review_id": "r",
        "attempt": 1,
        "rig": RIG,
        "branch": "gt/a/1",
        "sha": "0123456",
        "target_branch": "main",
    },
    CommandKind.SETUP: {"rig": RIG},
}
"""Every command that changes what all of a container shares."""


def with_hall(tmp_path: Path, work: Callable[[Hall], Awaitable[Any]]) -> Any:
    """Do something with a container that has one mayor called `known`."""

    async def run() -> Any:
        async with open_hall(tmp_path / "workspace") as hall:
            await hall.process.commands.carry_out(a_mayor_start("known"))
            return await work(hall)

    return asyncio.run(run())


def a_command(kind: CommandKind, payload: dict[str, Any] | None = None) -> Command:
    """One command for the known mayor, or for another to be started."""
    agent = "another" if kind is CommandKind.START else "known"
    return Command(
        id="c-1", kind=kind, agent_id=agent, dispatch=1, payload=PULLED[kind] if payload is None else payload
    )


async def answered(hall: Hall) -> dict[str, Any]:
    """The answer to the one command under way."""
    await hall.process.commands.settle(limit=5)
    [ack] = hall.town.heard("/ack")
    return dict(ack)


@pytest.mark.parametrize("kind", PULLED)
def test_a_pulled_command_waits_at_the_same_gate(tmp_path: Path, kind: CommandKind) -> None:
    """Nothing of it is done while hydration runs; then it is (REQ-R.2)."""

    async def work(hall: Hall) -> bool:
        end, come = hall.process.gate.close(), watch_gate(hall.process.gate)
        hall.process.commands.submit(a_command(kind))
        await come.wait()
        waited = not hall.town.heard("/ack") and not hall.town.heard("/report")
        end()
        await hall.process.commands.settle(limit=5)
        return waited and bool(hall.town.heard("/ack") or hall.town.heard("/report"))

    assert with_hall(tmp_path, work)


@pytest.mark.parametrize("kind", PULLED)
def test_a_pulled_command_that_waits_too_long_is_refused_as_infrastructure(tmp_path: Path, kind: CommandKind) -> None:
    """The town takes it back at once; it costs no attempt (REQ-R.2b, 6.12)."""

    async def work(hall: Hall) -> Any:
        hall.process.gate._limit = 0
        hall.process.gate.close()
        hall.process.commands.submit(a_command(kind))
        return await answered(hall)

    ack = with_hall(tmp_path, work)

    assert ("refused", "infrastructure") == (ack["outcome"], ack["cause"])


@pytest.mark.parametrize("kind", PULLED)
def test_a_malformed_command_is_refused_without_waiting(tmp_path: Path, kind: CommandKind) -> None:
    """Validation comes before the gate."""

    async def work(hall: Hall) -> Any:
        hall.process.gate.close()
        wrong = {"prompt": "", "model": "", "instructions": 1}
        hall.process.commands.submit(a_command(kind, wrong))
        return await answered(hall)

    assert "invalid" == with_hall(tmp_path, work)["cause"]


@pytest.mark.parametrize("kind", [CommandKind.START, CommandKind.MERGE, CommandKind.SETUP])
def test_work_that_waited_is_not_begun_in_a_container_that_drains(tmp_path: Path, kind: CommandKind) -> None:
    """Draining is looked at again after the wait (REQ-R.2a)."""

    async def work(hall: Hall) -> Any:
        end, come = hall.process.gate.close(), watch_gate(hall.process.gate)
        hall.process.commands.submit(a_command(kind))
        await come.wait()
        hall.process.handlers.drain(None)
        end()
        return await answered(hall)

    ack = with_hall(tmp_path, work)

    assert ("refused", "draining") == (ack["outcome"], ack["cause"])


def test_to_stop_and_to_drain_nobody_waits(tmp_path: Path) -> None:
    """They end things, whatever hydration does."""

    async def work(hall: Hall) -> bool:
        hall.process.gate.close()
        await hall.process.commands.carry_out(Command(id="s", kind=CommandKind.STOP, agent_id="known", dispatch=1))
        await hall.process.commands.carry_out(Command(id="d", kind=CommandKind.DRAIN))
        return hall.runtime.sessions[0].over.is_set() and hall.process.handlers.draining

    assert with_hall(tmp_path, work)


def test_concurrent_starts_of_one_agent_come_one_after_another(tmp_path: Path) -> None:
    """Two in the same instant: the second sees the first, and there is one session (REQ-1.20)."""

    async def work(hall: Hall) -> list[Any]:
        hall.runtime.hold, hall.runtime.entered = asyncio.Event(), asyncio.Semaphore(0)
        starts = [asyncio.ensure_future(hall.process.commands.carry_out(a_mayor_start("twin"))) for _ in range(2)]
        await hall.runtime.entered.acquire()
        assert hall.process.roster.lock("twin").locked()
        hall.runtime.hold.set()
        ended = await asyncio.gather(*starts, return_exceptions=True)
        return [*ended, len(hall.runtime.sessions)]

    first, second, sessions = with_hall(tmp_path, work)

    assert (None, 2) == (first, sessions)  # the mayor called `known` is one of the two
    assert isinstance(second, RefusedError)
    assert Cause.STALE is second.cause


def test_starts_of_different_agents_run_side_by_side(tmp_path: Path) -> None:
    """Both are inside the runtime before either has come out (REQ-1.20)."""

    async def work(hall: Hall) -> int:
        hall.runtime.hold, hall.runtime.entered = asyncio.Event(), asyncio.Semaphore(0)
        names = ("left", "right")
        starts = [asyncio.ensure_future(hall.process.commands.carry_out(a_mayor_start(name))) for name in names]
        for _ in names:
            await hall.runtime.entered.acquire()
        hall.runtime.hold.set()
        await asyncio.gather(*starts)
        return len(hall.process.roster.active())

    assert 3 == with_hall(tmp_path, work)


@pytest.mark.parametrize("trouble", [RefusedError(Cause.INFRASTRUCTURE, "no"), ZeroDivisionError("a fault of ours")])
def test_a_start_that_throws_frees_its_lock(tmp_path: Path, trouble: Exception) -> None:
    """The next one is taken, and what failed does not seem to begin for ever (REQ-1.20)."""

    async def work(hall: Hall) -> Any:
        hall.runtime.trouble = trouble
        hall.process.commands.submit(a_mayor_start("other", 1))
        ack = await answered(hall)
        assert ["known"] == [record.agent_id for record in hall.process.roster.active()]
        hall.runtime.trouble = None
        await hall.process.commands.carry_out(a_mayor_start("other", 2))
        return ack

    assert "infrastructure" == with_hall(tmp_path, work)["cause"]


def test_words_come_with_their_moment(tmp_path: Path) -> None:
    """A message may wait for the end of a turn; that is the session's to keep."""

    async def work(hall: Hall) -> Any:
        await hall.process.commands.carry_out(a_command(CommandKind.MESSAGE, {"prompt": "later", "when": "idle"}))
        return hall.runtime.sessions[0].heard

    assert [("later", When.IDLE)] == with_hall(tmp_path, work)
