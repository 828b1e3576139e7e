"""The whole container as a process: commands in, agents in worktrees, reports out."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from tests.integration.container.door import FIRST_TOKEN, Door
from tests.integration.container.remote import Bare, git
from tests.integration.container.running import SLEEPER, run_container, run_fresh_container

WIP = "refs/gastown/wip/bead-1/toast/1"
TASK = "Please do.\n\n```demo\nwrite {file}\n  made by the demo agent\nwait {wait}\n```\n"


def a_prime(file: str, wait: float = 0) -> dict[str, Any]:
    """A polecat's prime with a demo task."""
    return {"hooked_bead": {"title": f"Make {file}", "body": TASK.format(file=file, wait=wait)}}


def test_two_agents_work_side_by_side(door: Door, bare: Bare, tmp_path: Path) -> None:
    """Two polecats of one rig work at the same time in worktrees of their own, push their branches and report done."""
    door.prime = {"toast": a_prime("toast.txt", 2), "fig": a_prime("fig.txt", 2)}
    door.want(bare.start("toast", 1))
    door.want(bare.start("fig", 1))

    with run_container(door, tmp_path / "workspace"):
        assert door.ack_of("start-toast-1")["outcome"] == "accepted"
        assert door.ack_of("start-fig-1")["outcome"] == "accepted"
        together = door.await_(lambda: [b for b in door.beats if len(b["agents"]) == 2])
        dones = {name: door.call_of(f"/agents/{name}/done") for name in ("toast", "fig")}
        ends = {name: door.call_of(f"/agents/{name}/completed") for name in ("toast", "fig")}

    assert {a["agent_id"]: a["dispatch"] for a in together[0]["agents"]} == {"toast": 1, "fig": 1}
    for name, done in dones.items():
        assert (done["branch"], done["head_sha"]) == (f"gt/{name}/1", bare.head(f"gt/{name}/1"))
        assert bare.show(f"gt/{name}/1", f"{name}.txt") == "made by the demo agent"
        assert (ends[name]["status"], ends[name]["dispatch"]) == ("completed", 1)
    assert git("log", "-1", "--format=%an <%ae>", "gt/toast/1", at=bare.path) == "Toast (gastown) <Toast@gastown.local>"


def test_commands_are_done_once_and_answered_again(door: Door, bare: Bare, tmp_path: Path) -> None:
    """A start that is delivered again starts nothing more, but its answer is repeated; a stale one is refused."""
    door.prime = {"toast": a_prime("toast.txt", 3)}
    door.forgetful = True
    door.want(bare.start("toast", 2))

    with run_container(door, tmp_path / "workspace") as running:
        door.await_(lambda: len(door.acks.get("start-toast-2", [])) >= 3)
        older = bare.start("toast", 1)
        door.want(older)
        door.want(bare.start("toast", 2) | {"id": "again"})
        refused = [door.ack_of("start-toast-1"), door.ack_of("again")]
        door.call_of("/agents/toast/done")
        running.end()

    assert [(ack["outcome"], ack["cause"]) for ack in refused] == [("refused", "stale")] * 2
    assert {ack["outcome"] for ack in door.acks["start-toast-2"]} == {"accepted"}
    assert len([p for _, p, _ in door.heard if p.endswith("/agents/toast/credentials")]) == 1


def test_a_stopped_dispatch_never_starts_again(door: Door, bare: Bare, tmp_path: Path) -> None:
    """After a stop the same dispatch is refused as stale and the next one is taken."""
    door.want(bare.start("toast", 1))
    with run_container(door, tmp_path / "workspace", command=SLEEPER):
        door.ack_of("start-toast-1")
        stop = {"id": "stop", "kind": "stop", "generation": 1, "agent_id": "toast", "dispatch": 1, "payload": {}}
        door.want(stop)
        assert door.ack_of("stop")["outcome"] == "accepted"
        door.await_(lambda: door.beats[-1]["agents"] == [])
        door.want(bare.start("toast", 1) | {"id": "once-more"})
        door.want(bare.start("toast", 2))
        assert door.ack_of("once-more")["cause"] == "stale"
        assert door.ack_of("start-toast-2")["outcome"] == "accepted"

    assert not [p for _, p, _ in door.heard if p.endswith("/completed")]


def test_starts_that_cannot_be(door: Door, bare: Bare, tmp_path: Path) -> None:
    """A repository out of reach is infrastructure, a malformed payload and a wicked branch are invalid."""
    away = bare.rig.model_dump() | {"git_url": "http://127.0.0.1:9/x.git"}
    door.want(bare.start("toast", 1, rig=away))
    door.want(bare.start("fig", 1, branch="../../etc"))
    door.want(bare.start("nut", 1, rig={"id": "rig-1"}))

    with run_container(door, tmp_path / "workspace"):
        causes = {name: door.ack_of(f"start-{name}-1")["cause"] for name in ("toast", "fig", "nut")}

    assert causes == {"toast": "infrastructure", "fig": "invalid", "nut": "invalid"}


@pytest.mark.parametrize(("lagging", "outcome"), [(1, "accepted"), (2, "refused")])
def test_a_town_that_lags_is_asked_again_once(
    door: Door, bare: Bare, tmp_path: Path, lagging: int, outcome: str
) -> None:
    """Right after a dispatch a read may not show it yet; a run that stays unknown is stale."""
    door.lagging = lagging
    door.want(bare.start("toast", 1))

    with run_container(door, tmp_path / "workspace", command=SLEEPER):
        assert door.ack_of("start-toast-1")["outcome"] == outcome


def test_an_unknown_command_is_refused_and_spoils_nothing(door: Door, bare: Bare, tmp_path: Path) -> None:
    """A newer town may know more kinds; the commands beside it are done."""
    door.want({"id": "new", "kind": "dance", "payload": {}})
    door.want(bare.start("toast", 1))

    with run_container(door, tmp_path / "workspace", command=SLEEPER):
        assert door.ack_of("new")["cause"] == "invalid"
        assert door.ack_of("start-toast-1")["outcome"] == "accepted"


def test_the_doorbell_makes_a_command_immediate(door: Door, bare: Bare, tmp_path: Path) -> None:
    """With a heartbeat of a minute a start is accepted within seconds of the ring."""
    with ring_when_asked() as (url, ring):
        door.live_url = url
        with run_container(door, tmp_path / "workspace", command=SLEEPER, GASTOWN_HEARTBEAT_SECONDS="60"):
            door.await_(lambda: len(door.beats) == 2)
            door.want(bare.start("toast", 1))
            ring()
            assert door.ack_of("start-toast-1")["outcome"] == "accepted"


@contextmanager
def ring_when_asked() -> Iterator[tuple[str, Callable[[], None]]]:
    """A WebSocket server and the function that sends a frame to all who listen."""
    listening: queue.Queue[ServerConnection] = queue.Queue()

    def welcome(connection: ServerConnection) -> None:
        listening.put(connection)
        with contextlib.suppress(ConnectionClosed):
            connection.recv()

    with serve(welcome, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        port = server.socket.getsockname()[1]
        yield f"ws://127.0.0.1:{port}", lambda: listening.get(timeout=10).send("ring")
        server.shutdown()
        thread.join()


def test_unsaved_work_survives_a_sigterm(door: Door, bare: Bare, tmp_path: Path) -> None:
    """On SIGTERM the worktree is saved to the run's ref before the run is reported as evicted, all within seconds."""
    door.want(bare.start("toast", 1))
    with run_container(door, tmp_path / "workspace", command=SLEEPER) as running:
        door.ack_of("start-toast-1")
        door.await_((tmp_path / "workspace/rigs/rig-1/worktrees/gt__toast__1/unsaved.txt").exists)
        began = time.monotonic()
        code = running.end()

    completed = door.call_of("/agents/toast/completed")
    assert (code, completed["reason"], completed["dispatch"]) == (0, "container eviction", 1)
    assert bare.show(WIP, "unsaved.txt") == "work"
    assert completed["saved_sha"] == bare.at(WIP)
    assert bare.head("gt/toast/1") is None, "no branch, so nobody's CI runs on it"
    assert time.monotonic() - began < 20


def test_a_superseded_container_leaves_at_once(door: Door, bare: Bare, tmp_path: Path) -> None:
    """It kills its agents, saves what they did to their own refs, reports nothing and exits."""
    door.want(bare.start("toast", 1))
    with run_container(door, tmp_path / "workspace", command=SLEEPER) as running:
        door.ack_of("start-toast-1")
        door.await_((tmp_path / "workspace/rigs/rig-1/worktrees/gt__toast__1/unsaved.txt").exists)
        door.superseded = True
        assert running.process.wait(15) == 0

    assert (bare.head("gt/toast/1"), bare.show(WIP, "unsaved.txt")) == (None, "work")
    assert not [p for _, p, _ in door.heard if p.endswith("/completed")]


def test_a_drain_waits_refuses_and_leaves(door: Door, bare: Bare, tmp_path: Path) -> None:
    """While it drains it starts nothing, lets agents finish, and exits when they have."""
    door.prime = {"toast": a_prime("toast.txt", 2)}
    door.want(bare.start("toast", 1))
    with run_container(door, tmp_path / "workspace") as running:
        door.ack_of("start-toast-1")
        door.drain = True
        seen = len(door.beats)
        door.await_(lambda: len(door.beats) > seen + 1)
        door.want(bare.start("fig", 1))
        assert door.ack_of("start-fig-1")["cause"] == "draining"
        assert running.process.wait(20) == 0

    assert door.call_of("/agents/toast/completed")["status"] == "completed"


def test_a_merge_is_reported_and_a_setup_too(door: Door, bare: Bare, tmp_path: Path) -> None:
    """Both have an outcome of their own."""
    sha = bare.push("gt/a/1", "a.txt", "a\n")
    payload = bare.order("gt/a/1", sha, gates=["test -f a.txt"]).model_dump()
    door.want({"id": "m", "kind": "merge", "generation": 1, "rig_id": "rig-1", "payload": payload})
    rig = bare.rig.model_dump() | {"id": "rig-2"}
    door.want({"id": "s", "kind": "setup", "generation": 1, "rig_id": "rig-2", "payload": {"rig": rig}})
    door.want({"id": "bad", "kind": "merge", "generation": 1, "payload": payload | {"target_branch": "-f"}})

    with run_container(door, tmp_path / "workspace"):
        merged, ready, refused = door.report_of("m"), door.report_of("s"), door.ack_of("bad")

    assert (merged["status"], merged["commit_sha"]) == ("merged", bare.head("main"))
    assert (ready["status"], ready["rig_id"]) == ("ready", "rig-2")
    assert refused["cause"] == "invalid"


def test_an_expired_token_is_renewed_once(door: Door, tmp_path: Path) -> None:
    """`Token expired` leads to one refresh, and the work goes on with the new token."""
    with run_container(door, tmp_path / "workspace"):
        door.await_(lambda: len(door.beats) > 1)
        door.expired = {FIRST_TOKEN}
        seen = len(door.beats)
        door.await_(lambda: len(door.beats) > seen + 2)

    assert len([p for _, p, _ in door.heard if p.endswith("refresh-container-token")]) == 1


def test_a_wrong_boot_code_ends_the_process(door: Door, tmp_path: Path) -> None:
    """The town never takes it in: exit code 1."""
    with run_container(door, tmp_path / "workspace", GASTOWN_BOOT_CODE="wrong-code") as running:
        assert running.process.wait(15) == 1


@pytest.mark.parametrize("missing", ["GASTOWN_API_URL", "GASTOWN_GENERATION"])
def test_a_wrong_environment_is_named(door: Door, tmp_path: Path, missing: str) -> None:
    """Exit code 2, and the log names the variable."""
    with run_fresh_container(door, tmp_path / "workspace", **{missing: ""}) as running:
        assert running.process.wait(15) == 2

    assert missing in running.log.read_text()
