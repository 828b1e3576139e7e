"""Secrets that are planted for one agent are looked for everywhere else, while real processes run (REQ-R.1)."""

import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from infra.local.launcher import free_port
from tests.integration.container.door import BOOT_CODE, FIRST_TOKEN, Door
from tests.integration.container.remote import Bare
from tests.integration.container.running import Running, run_container, run_fresh_container
from tests.integration.container.test_fresh_credentials import MINE, OTHERS, command, git_of, start
from tests.support.forge.server import Forge

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks into /proc")
CONTAINERS = (FIRST_TOKEN, BOOT_CODE)
AGENTS = ("token-of-ann", "token-of-ben")


@pytest.fixture
def forge() -> Iterator[Forge]:
    """A forge with two projects."""
    with Forge() as opened:
        for path in (MINE, OTHERS):
            opened.steer.add_project(path)
        yield opened


def processes_below(root: int) -> dict[int, str]:
    """Environment and command line of every process that descends from one."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int(re.split(r"\) \S ", (folder / "stat").read_text())[-1].split()[0])
        except (OSError, ValueError):
            continue
    family = {root}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return {child: read(Path(f"/proc/{child}/environ"), Path(f"/proc/{child}/cmdline")) for child in family - {root}}


def read(*files: Path) -> str:
    """All text of these files; those that are gone or closed say nothing."""
    texts = []
    for file in files:
        try:
            texts.append(file.read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return "\n".join(texts)


def files_below(folder: Path) -> dict[Path, str]:
    """Every file below a folder, git's own included, with its text."""
    return {path: read(path) for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


def ask(port: int, path: str, body: dict[str, Any] | None = None) -> str:
    """The control server's answer, whatever its status."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=data)
    opener = urllib.request.build_opener(_Anything())
    with closing(opener.open(request, timeout=20)) as answer:
        return str(answer.read().decode())


class _Anything(urllib.request.HTTPErrorProcessor):
    def http_response(self, request: Any, response: Any) -> Any:
        """Refusals are answers too."""
        del request
        return response


def answers(port: int) -> str:
    """What anybody may hear from the control server about these agents."""
    said = [ask(port, path) for path in ("/health", "/agents/ann/status", "/agents/ben/status", "/agents/none/status")]
    said += [ask(port, "/agents/start", body) for body in ({}, {"dispatch": 1, "payload": {}})]
    said += [ask(port, "/agents/ann/message", {"prompt": "Hello"}), ask(port, "/git/merge", {}), ask(port, "/nowhere")]
    return "\n".join(said)


def environment_of(processes: dict[int, str], agent_id: str) -> str:
    """Everything that the processes of one agent have in their environments and command lines."""
    mine = [text for text in processes.values() if f"GASTOWN_AGENT_ID={agent_id}\0" in text]
    assert mine
    return "\n".join(mine)


def value_of(name: str, text: str) -> str:
    """The value of one variable in an environment."""
    found = re.search(rf"(?:^|\0|\n){name}=([^\0]*)", text)
    assert found
    return found[1]


def test_what_is_planted_for_one_agent_is_nowhere_else(door: Door, forge: Forge, tmp_path: Path) -> None:
    """Ann has every credential that there is, Ben has none: nothing of hers is in his, in files, logs or answers."""
    anns, bens = plant(door, forge)
    script = (
        f"commit one; push || exit 3; gt status Here > {tmp_path}/status-$GASTOWN_AGENT_ID || exit 4; "
        f"touch {tmp_path}/ready-$GASTOWN_AGENT_ID; await go"
    )
    port = free_port()
    agent = command(tmp_path, script)
    with run_fresh_container(door, tmp_path / "workspace", command=agent, GASTOWN_CONTROL_PORT=str(port)) as running:
        for name in ("ann", "ben"):
            door.await_((tmp_path / f"ready-{name}").exists, seconds=60)
        processes = processes_below(running.process.pid)
        passes = {name: value_of("GASTOWN_BROKER_PASS", environment_of(processes, name)) for name in ("ann", "ben")}
        told = answers(port)
        everywhere = "\n".join([*processes.values(), told, json.dumps([call[2] for call in door.heard[1:]])])
        look_at_files(tmp_path, (anns, bens, *AGENTS, *passes.values()))
        (tmp_path / "go").touch()
        for name in ("ann", "ben"):
            assert door.call_of(f"/agents/{name}/completed")["status"] == "completed"
        running.end()

    assert passes["ann"] not in environment_of(processes, "ben")
    assert passes["ben"] not in environment_of(processes, "ann")
    # Not even in the processes of those they belong to, for these have asked for them and used them.
    for secret in (anns, bens, *AGENTS, *CONTAINERS):
        assert secret not in everywhere, secret
    assert all(shown not in told for shown in passes.values())
    look_at_files(tmp_path, (anns, bens, *AGENTS, *passes.values()))


def plant(door: Door, forge: Forge) -> tuple[str, str]:
    """Start Ann and Ben, each with a git token of their own; returns both."""
    anns = forge.steer.add_token(value="planted-git-of-ann")
    bens = forge.steer.add_token(value="planted-git-of-ben", projects=[OTHERS])
    door.given["ann"] = {"git": git_of(anns), "tools": {"GH_TOKEN": anns}}
    door.given["ben"] = {"git": git_of(bens)}
    door.want(start(forge, "ann"))
    door.want(start(forge, "ben", OTHERS))
    return anns, bens


def look_at_files(folder: Path, secrets: tuple[str, ...]) -> None:
    """No worktree, HOME, git configuration, log or script holds one of these."""
    files = files_below(folder / "workspace") | {folder / "workspace.log": read(folder / "workspace.log")}
    names = {str(path.relative_to(folder)) for path in files}
    assert any("/worktrees/" in name for name in names)
    assert any(name.endswith("repo/.git/config") for name in names)
    assert any("/logs/" in name for name in names)
    for path, text in files.items():
        for secret in (*secrets, *CONTAINERS):
            assert secret not in text, path


def test_an_agent_that_looks_around_finds_nothing(door: Door, forge: Forge, tmp_path: Path) -> None:
    """Ben reads all that lies in the workspace and asks for Ann's repository while she works: none of it is hers."""
    token = forge.steer.add_token(value="planted-git-of-ann")
    door.given["ann"] = {"git": git_of(token), "tools": {"GH_TOKEN": token}, "env": {}}
    door.given["ben"] = {"git": git_of(forge.steer.add_token())}
    door.want(start(forge, "ann"))
    door.want(start(forge, "ben", OTHERS))
    host = forge.url.removeprefix("http://")
    wish = f"printf 'protocol=http\\nhost={host}\\npath={MINE}.git\\n\\n' | git credential fill"
    looking = f"(env; git config --list --show-origin; find {tmp_path}/workspace -type f -exec cat {{}} +; {wish})"
    script = (
        f'touch {tmp_path}/began-$GASTOWN_AGENT_ID; await began-ann; await began-ben; case "$GASTOWN_AGENT_ID" in '
        f"ann) commit one; push || exit 3; touch {tmp_path}/pushed; await looked;; "
        f"ben) await pushed; {looking} > {tmp_path}/loot 2>&1; touch {tmp_path}/looked;; esac"
    )
    with run_container(door, tmp_path / "workspace", command=command(tmp_path, script)):
        for name in ("ann", "ben"):
            assert door.call_of(f"/agents/{name}/completed")["status"] == "completed"

    loot = read(tmp_path / "loot")
    assert "GASTOWN_AGENT_ID=ben" in loot
    assert f"{MINE}.git is not the repository of this run's rig" in loot
    assert token not in loot
    assert "GASTOWN_AGENT_ID=ann" not in loot


def test_a_later_agent_inherits_nothing_from_an_earlier_one(
    door: Door, forge: Forge, bare: Bare, tmp_path: Path
) -> None:
    """First one with everything, then one with nothing: what the first was given stayed nowhere (REQ-R.1a, R.1b)."""
    token = forge.steer.add_token(value="planted-git-of-ann")
    everything = {"GIT_TOKEN": "x", "GITHUB_TOKEN": "x", "GH_TOKEN": "x", "GITHUB_CLI_PAT": "x", "OWN": "planted-own"}
    door.given["ann"] = {"git": git_of(token), "tools": {"GH_TOKEN": token}, "env": everything}
    door.given["ben"] = {"git": None, "env": {}}
    door.want(start(forge, "ann"))
    script = f"env > {tmp_path}/env-$GASTOWN_AGENT_ID; push || true"
    with run_fresh_container(door, tmp_path / "workspace", command=command(tmp_path, script)) as running:
        door.await_(lambda: door.beats)
        before = own_environment(running)
        door.call_of("/agents/ann/completed")
        door.want(bare.start("ben", 1))
        door.call_of("/agents/ben/completed")
        assert before == own_environment(running)

    seen = {name: read(tmp_path / f"env-{name}") for name in ("ann", "ben")}
    assert "OWN=planted-own" in seen["ann"]
    for name in ("GIT_TOKEN", "GITHUB_TOKEN", "GH_TOKEN", "GITHUB_CLI_PAT"):
        assert not re.search(rf"^{name}=", seen["ann"] + seen["ben"], re.MULTILINE)
    assert "planted" not in seen["ben"]


def own_environment(running: Running) -> str:
    """What the container's own process has in its environment."""
    return read(Path(f"/proc/{running.process.pid}/environ"))
