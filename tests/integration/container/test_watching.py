"""What a container tells of its agents and of itself, as its town hears it."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import httpx

from infra.local.launcher import free_port
from tests.integration.container.door import GIT_PASSWORD, TOWN, Door
from tests.integration.container.remote import Bare
from tests.integration.container.running import run_container

PLANTED = {"PLANTED": "a-secret-that-the-town-gave"}
TALKER = "/bin/sh -c 'echo one; echo token $PLANTED; sleep 2; printf last'"


def told(door: Door, agent_id: str) -> list[dict[str, Any]]:
    """All events of an agent that were told, in the order in which they were."""
    batches = [body for _, path, body in door.heard if path.endswith(f"/container/agents/{agent_id}/events")]
    return [event for body in batches for event in body["events"]]


def steps(door: Door) -> list[dict[str, Any]]:
    """All steps of the container that were told."""
    return [step for _, path, body in door.heard if path.endswith("/container-events") for step in body["events"]]


def a_mayor(bare: Bare, **changes: Any) -> dict[str, Any]:
    """A start command for the mayor of this rig."""
    payload = {
        "agent": {"id": "mayor-1", "name": "mayor", "role": "mayor"},
        "rig_id": f"mayor-{TOWN}",
        "words": "Build it",
        "rigs": [bare.rig.model_dump() | {"name": "widgets"}],
    }
    return {
        "id": "start-mayor", "kind": "start", "generation": 1, "agent_id": "mayor-1", "dispatch": 1,
        "payload": payload | changes,
    }  # fmt: skip


def test_what_an_agent_says_is_told_to_the_town(door: Door, bare: Bare, tmp_path: Path) -> None:
    """Line by line, numbered, without its token, with its end; also what it said last and without a line's end."""
    door.env = PLANTED
    door.want(bare.start("toast", 1))
    with run_container(door, tmp_path / "workspace", command=TALKER):
        door.await_(lambda: [event for event in told(door, "toast") if event["event_type"] == "agent.exited"])

    events = told(door, "toast")
    assert ["one", "token ***", "last"] == [
        event["data"]["text"] for event in events if event["event_type"] == "output"
    ]
    assert [1, 2, 3, 4] == [event["sequence"] for event in events]
    assert (0, 0) == (events[-1]["data"]["code"], events[-1]["data"]["dropped"])
    batches = [body for _, path, body in door.heard if path.endswith("/container/agents/toast/events")]
    assert {1} == {body["dispatch"] for body in batches}


def test_a_town_that_is_away_hears_everything_later(door: Door, bare: Bare, tmp_path: Path) -> None:
    """Nothing is lost and nothing comes twice while its answers are refused for a while."""
    door.broken["/events"] = 2
    door.env = PLANTED
    door.want(bare.start("toast", 1))
    with run_container(door, tmp_path / "workspace", command=TALKER):
        door.await_(
            lambda: [event for event in told(door, "toast") if event["event_type"] == "agent.exited"], seconds=60
        )

    texts = {event["sequence"]: event["data"].get("text") for event in told(door, "toast")}
    assert ["one", "token ***", "last"] == [texts[number] for number in (1, 2, 3)]


def test_a_container_tells_how_it_and_its_agents_come_up(door: Door, bare: Bare, tmp_path: Path) -> None:
    """From cold start to the session, each phase with its duration (REQ-N.6)."""
    door.want(bare.start("toast", 1))
    with run_container(door, tmp_path / "workspace", command=TALKER) as running:
        door.await_(lambda: [step for step in steps(door) if step["event"] == "agent.startup_complete"])
        running.end()
        log = [json.loads(line) for line in running.log.read_text().splitlines()]

    names = [step["event"] for step in steps(door)]
    assert ["container.cold_start", "container.registered"] == names[:2]
    assert "container.left" == names[-1]
    phases = [step for step in steps(door) if step["event"] == "agent.startup_phase"]
    assert ["credentials", "repository", "worktree", "prompt", "session"] == [step["label"] for step in phases]
    assert {("toast", "polecat")} == {(step["agentId"], step["role"]) for step in phases}
    elapsed = [step["elapsedMs"] for step in phases]
    assert elapsed == sorted(elapsed)
    whole = next(step for step in steps(door) if step["event"] == "agent.startup_complete")
    assert whole["durationMs"] >= elapsed[-1] >= sum(step["phaseMs"] for step in phases) - len(phases)
    started = next(line for line in log if line["msg"] == "agent.started")
    assert (TOWN, 1, "rig-1", "toast") == tuple(
        started[name] for name in ("town_id", "generation", "rig_id", "agent_id")
    )
    assert {"agent.ended"} == {
        line["msg"] for line in log if line["msg"] == "agent.ended" and line["rig_id"] == "rig-1"
    }


def test_whoever_is_inside_sees_an_agents_events(door: Door, bare: Bare, tmp_path: Path) -> None:
    """The control server shows them after any number; of an agent that nobody knows there are none."""
    port, workspace = free_port(), tmp_path / "workspace"
    door.env = PLANTED
    door.want(bare.start("toast", 1))
    with run_container(door, workspace, command=TALKER, GASTOWN_CONTROL_PORT=str(port)):
        door.await_(lambda: [event for event in told(door, "toast") if event["event_type"] == "agent.exited"])
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=control_headers(workspace)) as client:
            events = client.get("/agents/toast/events").json()["events"]
            later = client.get("/agents/toast/events?after=2").json()["events"]
            odd = client.get("/agents/toast/events?after=x").json()["events"]
            nobody = client.get("/agents/nobody/events").json()

    assert ["output", "output", "output", "agent.exited"] == [event["event"] for event in events]
    assert (events[2:], events, {"events": []}) == (later, odd, nobody)
    assert "***" in events[1]["data"]["text"]


def test_the_mayor_reads_code_that_it_cannot_change(door: Door, bare: Bare, tmp_path: Path) -> None:
    """Each rig's default branch lies there as files and folders without any right to write, and follows a setup."""
    bare.push("main", "deep.txt", "one\n")
    workspace = tmp_path / "workspace"
    browse = workspace / "rigs" / "rig-1" / "browse"
    door.git = {"username": "u", "password": GIT_PASSWORD}
    reader = (
        f"/bin/sh -c 'cat > prompt.txt; while ! test -r {browse}/deep.txt; do sleep 0.1; done; echo x > {browse}/new'"
    )
    door.want(a_mayor(bare))
    with run_container(door, workspace, command=reader):
        door.call_of("/agents/mayor-1/completed")
        first = (browse / "deep.txt").read_text()
        bare.push("main", "deep.txt", "two\n")
        door.want({"id": "setup", "kind": "setup", "generation": 1, "payload": {"rig": bare.rig.model_dump()}})
        assert "ready" == door.report_of("setup")["status"]

    assert ("one\n", "two\n") == (first, (browse / "deep.txt").read_text())
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in (browse, *browse.rglob("*"))}
    assert {0} == {mode & 0o222 for mode in modes.values()}
    if os.geteuid():  # nothing keeps the superuser from writing but another account (see `test_agent_account.py`)
        assert not (browse / "new").exists()
    assert f"to be read in {browse}" in (workspace / "mayor" / "prompt.txt").read_text()
    seal_off(browse)


def test_a_mayor_goes_on_where_its_sessions_were(door: Door, bare: Bare, tmp_path: Path) -> None:
    """A session that knows nothing gets what was said before in front of what it is told now, which is told too."""
    door.conversation = "<prior-conversation>\nhistory\n[]\n</prior-conversation>"
    door.want(a_mayor(bare))
    with run_container(door, tmp_path / "workspace", command="/bin/sh -c 'cat > prompt.txt'"):
        door.await_(lambda: [event for event in told(door, "mayor-1") if event["event_type"] == "agent.exited"])

    prompt = (tmp_path / "workspace" / "mayor" / "prompt.txt").read_text()
    assert prompt.startswith(door.conversation)
    assert "Build it" in prompt
    assert [{"text": "Build it"}] == [e["data"] for e in told(door, "mayor-1") if e["event_type"] == "prompt"]
    ready = next(step for step in steps(door) if step["event"] == "mayor.session_ready")
    assert ready["durationMs"] > 0


def control_headers(workspace: Path) -> dict[str, str]:
    """What the control server asks for."""
    key = workspace / "control-key"
    return {"Authorization": f"Bearer {key.read_text().strip()}"} if key.exists() else {}


def seal_off(folder: Path) -> None:
    """Let the test's own folder be removed again."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
