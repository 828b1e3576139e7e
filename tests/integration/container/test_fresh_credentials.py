"""A run that outlives its token: the agent's own `git push` and `gh` go on, and nobody else's get anything.

The container is the real process, the remote a forge that serves git over HTTP to whoever shows a token that is good.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.container.door import Door
from tests.integration.container.running import run_container
from tests.support.forge.server import Forge

MINE, OTHERS = "acme/mine", "acme/others"


@pytest.fixture
def forge() -> Iterator[Forge]:
    """A forge with two projects."""
    with Forge() as opened:
        for path in (MINE, OTHERS):
            opened.steer.add_project(path)
        yield opened


def now(forge: Forge) -> datetime:
    """The real time, as the forge tells it."""
    return datetime.fromtimestamp(forge.world.now(), UTC)


def start(forge: Forge, agent_id: str = "toast", path: str = MINE) -> dict[str, Any]:
    """A polecat's start in the rig over this project."""
    rig = {"id": path.replace("/", "-"), "git_url": forge.git_url(path), "default_branch": "main"}
    payload = {
        "agent": {"id": agent_id, "name": agent_id.title(), "role": "polecat"},
        "rig": rig,
        "bead": {"id": f"bead-{agent_id}", "title": "A bead"},
        "branch": f"gt/{agent_id}/1",
        "start_point": "main",
    }
    return {
        "id": f"start-{agent_id}",
        "kind": "start",
        "generation": 1,
        "rig_id": rig["id"],
        "agent_id": agent_id,
        "dispatch": 1,
        "payload": payload,
    }


def git_of(token: str, ends: datetime | None = None) -> dict[str, Any]:
    """What the town's door says of a token."""
    return {"username": "x-access-token", "password": token} | ({"expires_at": ends.isoformat()} if ends else {})


def command(folder: Path, script: str) -> str:
    """An agent that is this shell script; `commit` makes a commit, `await` waits for a file of the test."""
    functions = (
        'commit() { echo "$1" >> work.txt && git add --all && git commit --quiet --message "$1"; }\n'
        f'await() {{ while [ ! -e "{folder}/$1" ]; do sleep 0.05; done; }}\n'
        'push() { git push --quiet origin "HEAD:refs/heads/$GASTOWN_BRANCH"; }\n'
    )
    path = folder / "agent.sh"
    path.write_text(f"set -u\ncd .\n{functions}{script}\n")
    return f"/bin/sh {path}"


def pushes(forge: Forge, path: str) -> list[str | None]:
    """The tokens with which somebody pushed to a project and was let in, in their order."""
    seen = forge.journal.seen("POST", f"{path}.*git-receive-pack")
    return [entry.token for entry in seen if entry.status == 200]


def test_a_token_ends_in_mid_run_and_the_agents_own_push_works_on(door: Door, forge: Forge, tmp_path: Path) -> None:
    """The same process pushes with the next token: nothing is restarted, no push fails (issue 5, part 5)."""
    first, second = forge.steer.add_token(), forge.steer.add_token()
    ends = now(forge) + timedelta(seconds=4)
    door.given["toast"] = {"git": git_of(first, ends)}
    door.want(start(forge))
    script = "commit one; push || exit 3; touch here; await go; commit two; push || exit 4"
    with run_container(door, tmp_path / "workspace", command=command(tmp_path, script)):
        door.await_(lambda: pushes(forge, MINE))
        door.given["toast"] = {"git": git_of(second)}
        forge.steer.expire_token(first)
        door.await_(lambda: now(forge) > ends)
        (tmp_path / "go").touch()
        completed = door.call_of("/agents/toast/completed")

    assert completed["status"] == "completed", completed
    assert pushes(forge, MINE) == [first, second]
    assert 1 == len([call for call in door.heard if call[1].endswith("/agents/toast/prime")])


def test_a_token_that_was_taken_back_costs_one_push(door: Door, forge: Forge, tmp_path: Path) -> None:
    """Git says that it was refused; the container asks for another one by its digest, and the next push has it."""
    first, second = forge.steer.add_token(), forge.steer.add_token()
    door.given["toast"] = {"git": git_of(first)}
    door.renewed["acme-mine"] = second
    door.want(start(forge))
    script = f"touch {tmp_path}/ready; await go; commit one; push && exit 3; push || exit 4"
    with run_container(door, tmp_path / "workspace", command=command(tmp_path, script)):
        door.await_((tmp_path / "ready").exists)
        forge.steer.revoke_token(first)
        (tmp_path / "go").touch()
        completed = door.call_of("/agents/toast/completed")

    assert completed["status"] == "completed", completed
    assert pushes(forge, MINE) == [second]
    assert door.call_of("/rigs/acme-mine/refresh-git-token") == {"failed": hashlib.sha256(first.encode()).hexdigest()}


def test_a_save_with_an_old_token_asks_once_for_all(door: Door, forge: Forge, tmp_path: Path) -> None:
    """Three agents of a rig are saved as the container ends, and its token has run out: one question, and all is safe.

    The question names the token that did not work, so that the same does not come again (REQ-4.9).
    """
    first, second = forge.steer.add_token(), forge.steer.add_token()
    door.git, door.renewed["acme-mine"] = git_of(first), second
    agents = ("toast", "fig", "jam")
    for agent_id in agents:
        begin = start(forge, agent_id)
        begin["payload"]["save_ref"] = f"refs/gastown/wip/bead-{agent_id}/{agent_id}/1"
        door.want(begin)
    script = f"commit one; touch {tmp_path}/$GASTOWN_AGENT_ID; await never"
    with run_container(door, tmp_path / "workspace", command=command(tmp_path, script)) as running:
        door.await_(lambda: all((tmp_path / agent_id).exists() for agent_id in agents))
        door.await_(lambda: all(f"start-{agent_id}" in door.acks for agent_id in agents))
        forge.steer.expire_token(first)
        assert running.end() == 0

    asked = [body for _, path, body in door.heard if path.endswith("/refresh-git-token")]
    assert asked == [{"failed": hashlib.sha256(first.encode()).hexdigest()}]
    assert pushes(forge, MINE) == [second] * len(agents)
    saved = {body["agentId"]: body.get("saved_sha") for _, path, body in door.heard if path.endswith("/completed")}
    assert set(agents) == {agent_id for agent_id, sha in saved.items() if sha}, running.log.read_text()


def test_an_agent_of_one_rig_cannot_get_anothers_credentials(door: Door, forge: Forge, tmp_path: Path) -> None:
    """The host is the same and the token would open it: the broker gives it for the rig's own repository only."""
    door.given["toast"] = {"git": git_of(forge.steer.add_token())}
    door.want(start(forge))
    url = forge.git_url(OTHERS)
    script = f"git ls-remote {url} > out 2>&1 && exit 3; cat out; git ls-remote origin || exit 4; exit 5"
    with run_container(door, tmp_path / "workspace", command=command(tmp_path, script)):
        completed = door.call_of("/agents/toast/completed")

    assert completed["reason"].startswith("exit code 5"), completed
    assert f"{OTHERS}.git is not the repository of this run's rig" in completed["reason"]
    assert {None} == {entry.token for entry in forge.journal.seen(path=OTHERS)}


def test_what_an_ended_run_left_behind_gets_nothing(door: Door, forge: Forge, tmp_path: Path) -> None:
    """A process that slipped out of its group keeps its pass, and the pass is worth nothing."""
    door.given["toast"] = {"git": git_of(forge.steer.add_token())}
    door.want(start(forge))
    late = f"touch {tmp_path}/late; await go; commit late; push > {tmp_path}/said 2>&1; echo $? > {tmp_path}/code"
    script = (
        f"commit one; push || exit 3; (setsid sh -c '. {tmp_path}/late.sh' > /dev/null 2>&1 &) ; await late; exit 0"
    )
    agent = command(tmp_path, script)
    (tmp_path / "late.sh").write_text((tmp_path / "agent.sh").read_text().replace(script, late))
    with run_container(door, tmp_path / "workspace", command=agent):
        door.call_of("/agents/toast/completed")
        (tmp_path / "go").touch()
        door.await_(lambda: (tmp_path / "code").exists() and (tmp_path / "code").read_text().strip())

    assert (tmp_path / "code").read_text().strip() == "128"
    assert "this session has ended" in (tmp_path / "said").read_text()
    assert 1 == len(pushes(forge, MINE))


def test_gh_is_signed_in_at_each_call_and_its_agent_is_not(door: Door, forge: Forge, tmp_path: Path) -> None:
    """`gh` gets what holds at that moment, `glab` nothing of it; neither is in the agent's environment."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("gh", "glab"):
        (programs / name).write_text(f'#!/bin/sh\necho "{name} ${{GH_TOKEN:-none}} ${{GITLAB_TOKEN:-none}} $*"\n')
        (programs / name).chmod(0o755)
    first, second = forge.steer.add_token(), forge.steer.add_token()
    ends = now(forge)
    door.given["toast"] = {"git": git_of(first, ends), "tools": {"GH_TOKEN": first}}
    door.want(start(forge))
    out = tmp_path / "out"
    script = (
        f"PATH=$(echo $PATH | sed 's|/bin:|/bin:{programs}:|'); export PATH; "
        f"env | grep -c TOKEN > {out}; gh pr list >> {out}; touch {tmp_path}/ready; await go; "
        f"gh pr view >> {out}; glab mr list >> {out}"
    )
    with run_container(door, tmp_path / "workspace", command=command(tmp_path, script)):
        door.await_((tmp_path / "ready").exists)
        door.given["toast"] = {"git": git_of(second), "tools": {"GH_TOKEN": second}}
        (tmp_path / "go").touch()
        door.call_of("/agents/toast/completed")

    assert out.read_text().splitlines() == [
        "0",
        f"gh {first} none pr list",
        f"gh {second} none pr view",
        "glab none none mr list",
    ]


def test_a_merge_outlives_the_token_it_began_with(door: Door, forge: Forge, tmp_path: Path) -> None:
    """A gate that runs for longer than a token lives: the push is refused once, and done with another (REQ-4.9)."""
    first, second = forge.steer.add_token(), forge.steer.add_token()
    sha = forge.steer.push(MINE, "gt/toast/1", {"a.txt": "a\n"})["sha"]
    others = forge.steer.push(OTHERS, "gt/rye/1", {"a.txt": "a\n"})["sha"]
    door.rig_git = {"acme-mine": git_of(first), "acme-others": git_of(second)}
    door.renewed["acme-mine"] = second
    gate = f"touch {tmp_path}/ready; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done"
    with run_container(door, tmp_path / "workspace"):
        door.want(merge("m1", forge, MINE, "gt/toast/1", sha, gates=[gate]))
        door.await_((tmp_path / "ready").exists)
        forge.steer.expire_token(first)
        (tmp_path / "go").touch()
        merged = door.report_of("m1")
        door.want(merge("m2", forge, OTHERS, "gt/rye/1", others))
        untouched = door.report_of("m2")

    assert (merged["status"], untouched["status"]) == ("merged", "merged"), (merged, untouched)
    assert pushes(forge, MINE) == [second]
    assert ["acme-mine"] == [path.split("/")[-2] for _, path, _ in door.heard if path.endswith("refresh-git-token")]


def merge(name: str, forge: Forge, path: str, branch: str, sha: str, **more: Any) -> dict[str, Any]:
    """A merge command."""
    rig = {"id": path.replace("/", "-"), "git_url": forge.git_url(path), "default_branch": "main"}
    payload = {"review_id": name, "attempt": 1, "rig": rig, "branch": branch, "sha": sha, "target_branch": "main"}
    return {"id": name, "kind": "merge", "generation": 1, "payload": payload | more}
