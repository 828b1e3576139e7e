"""What a session remembers leaves its container and comes back, by the real door, with the stack's rights enforced."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from gastown.container.runtimes.session_keeper import Restored, SessionDatabase
from gastown.container.session_snapshots import SnapshotKeeper
from gastown.container.settings import read_settings
from gastown.container.town_client import TownClient
from gastown.usecases import tokens
from infra.local.deployment import STACK_NAME
from tests.e2e.story import Story, wait_until, writes

pytestmark = pytest.mark.e2e
LIMIT = 60.0


def a_token(story: Story, generation: int) -> str:
    """A container's token, signed as the stack signs them."""
    secret = story.aws("secretsmanager").get_secret_value(SecretId=f"{STACK_NAME}/signing")["SecretString"]
    return tokens.mint_container([secret], town_id=story.town_id, generation=generation, now=story.now())


def as_container(
    story: Story, work: Callable[[SnapshotKeeper], Awaitable[Any]], *, generation: int = 1
) -> tuple[Any, list[dict[str, Any]]]:
    """Do this as a container of the town; what came of it, and the steps that it told."""
    told: list[dict[str, Any]] = []
    boot = {"API_URL": story.stack.api, "TOWN_ID": story.town_id, "GENERATION": str(generation), "BOOT_CODE": "none"}

    async def run() -> Any:
        client = TownClient(read_settings({f"GASTOWN_{name}": value for name, value in boot.items()}))
        client.token = SecretStr(a_token(story, generation))
        keeper = SnapshotKeeper(
            client=client, step=lambda event, **facts: told.append({"event": event, **facts}), limit=LIMIT
        )
        try:
            return await work(keeper)
        finally:
            await client.close()

    return asyncio.run(run()), told


def test_a_copy_goes_out_and_comes_back(story: Story, tmp_path: Path) -> None:
    """The container has no rights but the addresses; what a container of another generation wants is refused."""
    story.sling("Work", writes("never.txt", "never", wait=600))
    assert wait_until(lambda: bool(agents(story)))
    (agent_id,) = agents(story)
    old, new = (
        SessionDatabase(agent_id=agent_id, program="opencode", path=tmp_path / name / "opencode.db")
        for name in ("old", "new")
    )
    old.path.parent.mkdir()
    with closing(sqlite3.connect(old.path)) as writer:
        writer.execute("CREATE TABLE message (text TEXT)")
        writer.execute("INSERT INTO message VALUES ('marmalade')")
        writer.commit()
    assert wait_until(lambda: bool(story.api.call("GET", f"/api/towns/{story.town_id}/container/events")))

    found, told = as_container(story, lambda keeper: keeper.restore(new))
    assert (found, told) == (Restored.NOTHING, [])
    assert as_container(story, lambda keeper: keeper.keep(old))[1] == []
    assert as_container(story, lambda keeper: keeper.restore(new))[0] is Restored.DONE

    with closing(sqlite3.connect(new.path)) as reader:
        assert reader.execute("SELECT text FROM message").fetchall() == [("marmalade",)]
    found, told = as_container(story, lambda keeper: keeper.restore(new), generation=2)
    assert (found, told[0]["event"]) == (Restored.NOTHING, "session.not_restored")
    assert "superseded" in told[0]["reason"]


def agents(story: Story) -> list[str]:
    """The ids of the rig's agents."""
    return [str(agent["id"]) for agent in story.api.call("GET", f"{story.rig}/agents")]
