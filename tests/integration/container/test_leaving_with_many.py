"""A container that is told to end with many agents in it: all are saved at the same time, within the budget."""

import asyncio
import time
from pathlib import Path

import pytest

from gastown.container import departure
from gastown.container.departure import EVICTION_LIMIT
from gastown.container.handlers import parse_start
from infra.local.processes import has_ended
from tests.integration.container.door import Door
from tests.integration.container.remote import Bare, make_bare
from tests.integration.container.running import SLEEPER, run_container
from tests.support.container_hall import open_hall

AGENTS = [f"toast-{number}" for number in range(12)]
PATIENCE = 120


def wip(agent_id: str) -> str:
    """The ref of an agent's first run."""
    return f"refs/gastown/wip/bead-1/{agent_id}/1"


def slow_down(bare: Bare, hook: str) -> None:
    """Let every push to this remote run a shell script first, with `$push` for the time that it is under way."""
    path = bare.path / "hooks" / "pre-receive"
    path.write_text(f"#!/bin/sh\ncat >/dev/null\ncd {bare.path}\nmkdir -p pushes; touch pushes/$$\n{hook}\n")
    path.chmod(0o755)


def test_twelve_agents_are_saved_at_once(door: Door, bare: Bare, tmp_path: Path) -> None:
    """The remote lets nobody through before all twelve are there: one after another they would wait for ever.

    Each is reported when its work is safe, and the process ends well within what a stopped task has.
    """
    for agent_id in AGENTS:
        door.want(bare.start(agent_id, 1))
    with run_container(door, tmp_path / "workspace", command=SLEEPER) as running:
        worktrees = tmp_path / "workspace/rigs/rig-1/worktrees"
        files = [worktrees / f"gt__{agent_id}__1" / "unsaved.txt" for agent_id in AGENTS]
        door.await_(lambda: len(door.acks) == len(AGENTS) and all(file.exists() for file in files), seconds=PATIENCE)
        slow_down(bare, f"until [ $(ls pushes | wc -l) -ge {len(AGENTS)} ]; do sleep 0.1; done")
        began = time.monotonic()
        running.process.terminate()
        assert running.process.wait(EVICTION_LIMIT + 25) == 0
        took = time.monotonic() - began

    assert took < EVICTION_LIMIT
    ended = {body["agentId"]: body for _, path, body in door.heard if path.endswith("/completed")}
    assert {agent_id: bare.at(wip(agent_id)) for agent_id in AGENTS} == {
        agent_id: ended[agent_id]["saved_sha"] for agent_id in AGENTS
    }
    assert {"work"} == {bare.show(wip(agent_id), "unsaved.txt") for agent_id in AGENTS}


def test_a_remote_that_never_answers_holds_up_nobody_else(
    bare: Bare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its agent is lost for now, which is told; the budget ends the waiting, and no push outlives the container."""
    away = tmp_path / "away"
    away.mkdir()
    silent = make_bare(away)
    slow_down(silent, "exec sleep 600")
    monkeypatch.setattr(departure, "EVICTION_LIMIT", 8.0)

    async def story() -> float:
        async with open_hall(tmp_path / "workspace") as hall:
            for agent_id, remote in (("toast", bare), ("fig", bare), ("lost", silent)):
                rig = {**remote.rig.model_dump(), "id": f"rig-{remote.path.parent.name}"}
                start = bare.start(agent_id, 1, rig=rig)["payload"]
                record = await hall.process.handlers.start(parse_start(start), 1, hydrating=True)
                assert record.worktree is not None
                (record.worktree / "unsaved.txt").write_text("work")
            began = time.monotonic()
            await hall.process.departure.evict()
            reported.extend(body["agentId"] for body in hall.town.heard("/completed"))
            return time.monotonic() - began

    reported: list[str] = []
    took = asyncio.run(story())

    assert took < 8.0 + 5
    assert {"toast", "fig"} == set(reported)
    assert {"work"} == {bare.show(wip(agent_id), "unsaved.txt") for agent_id in ("toast", "fig")}
    assert silent.at(wip("lost")) is None
    (push,) = (silent.path / "pushes").iterdir()
    assert ends(int(push.name)), "it was tried, and ended with the container"


def ends(process_id: int) -> bool:
    """Whether a process is gone or goes soon: whoever inherits a killed one has to notice it."""
    deadline = time.monotonic() + PATIENCE
    while not has_ended(process_id) and time.monotonic() < deadline:
        time.sleep(0.05)
    return has_ended(process_id)
