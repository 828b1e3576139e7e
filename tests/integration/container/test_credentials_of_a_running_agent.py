"""An agent's git credential while it works: resolved once for its start, and replaced when the remote refuses it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.container.door import Door
from tests.integration.container.remote import Bare
from tests.integration.container.running import run_container
from tests.support.forge.server import Forge

PROJECT = "acme/widgets"


@pytest.fixture
def forge() -> Iterator[Forge]:
    """A forge with one project."""
    with Forge() as forge:
        forge.steer.add_project(PROJECT)
        yield forge


def waits_for(gate: Path) -> dict[str, object]:
    """What the demo agent is told: write a file once the test lets it."""
    body = f"```demo\nrun while [ ! -e {gate} ]; do sleep 0.1; done\nwrite one.txt\n  one\n```\n"
    return {"hooked_bead": {"title": "Write one", "body": body}}


def calls(door: Door, path: str) -> int:
    """How often a path that ends so was called."""
    return len([heard for _, heard, _ in door.heard if heard.endswith(path)])


def begin(door: Door, bare: Bare, forge: Forge, gate: Path, token: str) -> None:
    """Have an agent started on the forge's project with this token."""
    door.git = {"username": "x-access-token", "password": token}
    door.prime["toast"] = waits_for(gate)
    door.want(bare.start("toast", 1, rig=bare.rig.model_dump() | {"git_url": forge.git_url(PROJECT)}))


def test_one_start_asks_for_credentials_once(door: Door, bare: Bare, forge: Forge, tmp_path: Path) -> None:
    """The mirror, the worktree and the agent's own push are served by one resolution (REQ-4.12)."""
    gate = tmp_path / "go"
    gate.touch()
    begin(door, bare, forge, gate, forge.steer.add_token("bot"))
    with run_container(door, tmp_path / "workspace"):
        door.call_of("/agents/toast/done")
        door.call_of("/agents/toast/completed")

    assert (1, 0) == (calls(door, "/credentials"), calls(door, "/refresh-git-token"))
    assert "gt/toast/1" in forge.world.projects[PROJECT].repository.branches()


def test_a_token_that_ends_in_mid_run_is_replaced_and_the_work_is_pushed(
    door: Door, bare: Bare, forge: Forge, tmp_path: Path
) -> None:
    """The agent's own git is refused; the container asks for another token, and the next push works."""
    gate, old, new = tmp_path / "go", forge.steer.add_token("bot"), forge.steer.add_token("bot")
    begin(door, bare, forge, gate, old)
    with run_container(door, tmp_path / "workspace") as running:
        door.call_of("/agents/toast/status")
        forge.steer.expire_token(old)
        door.other = new
        gate.touch()
        done = door.call_of("/agents/toast/done")
        door.call_of("/agents/toast/completed")
        running.end()

    assert forge.world.projects[PROJECT].repository.branches()["gt/toast/1"] == done["head_sha"]
    # The agent's own git and the last save of its work: each is refused once and asks once.
    assert 2 == calls(door, "/refresh-git-token")
    kept = [path.read_bytes() for path in (tmp_path / "workspace").rglob("*") if path.is_file()]
    assert not [secret for secret in (old, new) for text in kept if secret.encode() in text]
    assert not [secret for secret in (old, new) if secret in running.everything_written()]


def test_without_another_token_the_agent_ends_and_says_so(door: Door, bare: Bare, forge: Forge, tmp_path: Path) -> None:
    """Nothing is waited for without end, and the reason names no token."""
    gate, old = tmp_path / "go", forge.steer.add_token("bot")
    begin(door, bare, forge, gate, old)
    with run_container(door, tmp_path / "workspace"):
        door.call_of("/agents/toast/status")
        forge.steer.expire_token(old)
        gate.touch()
        completed = door.call_of("/agents/toast/completed")

    assert ("failed", True) == (completed["status"], "Authentication failed" in completed["reason"])
    assert old not in completed["reason"]
    # The agent's own git, the last save of its work and the clean-up after it: each asks once, and then gives up.
    assert 1 <= calls(door, "/refresh-git-token") <= 3
