"""A container is killed at each of many named points; the next one goes on, and no commit that was made is gone.

What is on the remote by then says how far the work had come:

- `nothing`: the agent had not begun, or had not been looked at since it did; the next run begins anew.
- `saved`: its commit and its open changes are on the ref of its run; the next run has both, and is told so.
- `merged`: the merge is on the target once, whatever the town had heard of it.
"""

import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.container.bench_of_work import left, wip
from tests.integration.container.door import Door
from tests.integration.container.remote import Bare, git
from tests.integration.container.running import DEMO, Running, run_container, run_program

Point = tuple[str, str, int]
"""A function of the container, `before` or `after` it, and at which call."""

HOUSE = "gastown.container"
CLIENT, SAVING, MERGING = f"{HOUSE}.town_client:TownClient", f"{HOUSE}.saving:Saving", f"{HOUSE}.merging:Merging"
DEPARTURE, WORKTREES = f"{HOUSE}.departure:Departure", f"{HOUSE}.worktrees:Worktrees"
REPOSITORIES, RUNTIME = f"{HOUSE}.repositories:Repositories", f"{HOUSE}.runtimes.command:CommandRuntime"
SNAPSHOTS, HYDRATION = f"{HOUSE}.snapshots:Snapshots", f"{HOUSE}.hydration:Hydration"

WORKS = "echo one > one.txt; git add one.txt; git commit -qm first; echo two > two.txt; "
GOES_ON = "sleep 60"
NEXT = "cat > {notes}/prompt; git log --format=%s > {notes}/log; ls > {notes}/files; sleep 60"

WHILE_IT_STARTS = [
    (f"{CLIENT}.register", "before", 1),
    (f"{CLIENT}.register", "after", 1),
    (f"{HYDRATION}._hydrate", "before", 1),
    (f"{CLIENT}.registry", "after", 1),
    (f"{CLIENT}.heartbeat", "after", 1),
    (f"{CLIENT}.agent_credentials", "before", 1),
    (f"{CLIENT}.agent_credentials", "after", 1),
    (f"{REPOSITORIES}.refresh", "before", 1),
    (f"{REPOSITORIES}.refresh", "after", 1),
    (f"{WORKTREES}.make", "before", 1),
    (f"{WORKTREES}.make", "after", 1),
    (f"{CLIENT}.prime", "after", 1),
    (f"{RUNTIME}.start", "before", 1),
    (f"{RUNTIME}.start", "after", 1),
    (f"{CLIENT}.acknowledge", "before", 1),
    (f"{CLIENT}.acknowledge", "after", 1),
]
"""Before anything that the agent did was looked at."""

WHILE_IT_SAVES = [
    ((f"{SNAPSHOTS}.take", "before", 1), "nothing"),
    ((f"{SNAPSHOTS}.take", "after", 1), "nothing"),
    ((f"{SAVING}._push", "before", 1), "nothing"),
    ((f"{SAVING}._push", "after", 1), "saved"),
    ((f"{SAVING}.save", "after", 1), "saved"),
    ((f"{SAVING}.save", "before", 2), "saved"),
    ((f"{SAVING}.keep", "before", 1), "nothing"),
]

WHEN_THE_AGENT_ENDS = [
    (f"{SAVING}.try_save", "after", 1),
    (f"{CLIENT}.complete", "before", 1),
    (f"{CLIENT}.complete", "after", 1),
]

# That the container leaves is told beside the saves, not after them: a death between the two leaves what the last look
# had saved, as any other death does.
ON_SIGTERM = [
    (f"{DEPARTURE}.evict", "after", 1),
    (f"{CLIENT}.complete", "before", 1),
    (f"{CLIENT}.complete", "after", 1),
]

WHILE_IT_DRAINS = [
    (f"{SAVING}.try_save", "after", 1),
    (f"{DEPARTURE}.wait_for_agents", "after", 1),
]

WHILE_IT_MERGES = [
    (f"{MERGING}._check", "after", 1),
    (f"{MERGING}._combine", "before", 1),
    (f"{MERGING}._combine", "after", 1),
    (f"{MERGING}._check_gates", "after", 1),
    (f"{MERGING}._push", "before", 1),
    (f"{MERGING}._push", "after", 1),
    (f"{CLIENT}.report", "before", 1),
    (f"{CLIENT}.report", "after", 1),
]


@contextmanager
def dying(point: Point, door: Door, tmp_path: Path, *, command: str = DEMO) -> Iterator[Running]:
    """The first container, which has died there when the block is left."""
    program = ("tests.support.deadly_container", *map(str, point))
    with run_program(program, door, tmp_path / "first", command=command, environment={}) as running:
        yield running
        # By the signal that nobody can handle.
        assert running.process.wait(60) == -signal.SIGKILL, running.log.read_text()[-2000:]


def shell(script: str) -> str:
    """An agent's command line that runs this."""
    return f"/bin/sh -c {shlex.quote(script)}"


def go_on(door: Door, bare: Bare, tmp_path: Path) -> str:
    """Start the bead's next run in the next container, on an empty disk; how far it found the work."""
    notes = tmp_path / "notes"
    notes.mkdir()
    door.commands.clear()
    door.drain = False
    door.want(bare.start("fig", 1, resume=[left("toast", 1)]))
    command = shell(NEXT.format(notes=notes))
    with run_container(door, tmp_path / "second", command=command, GASTOWN_GENERATION="2"):
        assert door.ack_of("start-fig-1")["outcome"] == "accepted"
        door.await_(lambda: (notes / "files").exists() and (notes / "files").read_text(), seconds=30)
    log, files = (notes / "log").read_text().split("\n"), (notes / "files").read_text().split()
    told = "Toast" in (notes / "prompt").read_text()
    assert told == ("first" in log or "two.txt" in files), "it is told of what it goes on from, and only then"
    return "saved" if "first" in log and "two.txt" in files else "nothing" if not told else f"{log} {files}"


def commits_of(bare: Bare) -> list[str]:
    """What is on the ref of the first run."""
    return git("log", "--format=%s", wip("toast", 1), at=bare.path).split("\n") if bare.at(wip("toast", 1)) else []


@pytest.mark.parametrize("point", WHILE_IT_STARTS)
def test_a_container_that_dies_before_the_work_is_looked_at_costs_a_start(
    door: Door, bare: Bare, tmp_path: Path, point: Point
) -> None:
    """The next container starts the bead's next run from its start point."""
    door.want(bare.start("toast", 1))
    with dying(point, door, tmp_path, command=shell(GOES_ON)):
        pass

    assert go_on(door, bare, tmp_path) == "nothing"


@pytest.mark.parametrize(("point", "found"), WHILE_IT_SAVES)
def test_what_was_saved_before_the_death_is_gone_on_from(
    door: Door, bare: Bare, tmp_path: Path, point: Point, found: str
) -> None:
    """A commit is on its ref as soon as its save was pushed, whether or not the town heard of it."""
    door.want(bare.start("toast", 1))
    with dying(point, door, tmp_path, command=shell(WORKS + GOES_ON)):
        pass

    assert ("first" in commits_of(bare)) == (found == "saved")
    assert go_on(door, bare, tmp_path) == found


@pytest.mark.parametrize("point", WHEN_THE_AGENT_ENDS)
def test_an_agents_end_is_saved_before_it_is_reported(door: Door, bare: Bare, tmp_path: Path, point: Point) -> None:
    """Whatever the town heard of the end, the work is there."""
    door.want(bare.start("toast", 1))
    with dying(point, door, tmp_path, command=shell(WORKS + "exit 3")):
        pass

    assert go_on(door, bare, tmp_path) == "saved"


@pytest.mark.parametrize("point", ON_SIGTERM)
def test_a_task_that_is_stopped_saves_before_it_says_so(door: Door, bare: Bare, tmp_path: Path, point: Point) -> None:
    """Also where the grace is over before the town heard of it."""
    door.want(bare.start("toast", 1))
    with dying(point, door, tmp_path, command=shell(WORKS + GOES_ON)) as running:
        door.await_((tmp_path / "first/rigs/rig-1/worktrees/gt__toast__1/two.txt").exists)
        running.process.terminate()

    assert go_on(door, bare, tmp_path) == "saved"


@pytest.mark.parametrize("point", WHILE_IT_DRAINS)
def test_a_drain_saves_first_and_then_waits(door: Door, bare: Bare, tmp_path: Path, point: Point) -> None:
    """So a host that fails in the meantime costs nothing that was there when the drain began."""
    door.want(bare.start("toast", 1))
    with dying(point, door, tmp_path, command=shell(WORKS + "sleep 3")):
        door.await_((tmp_path / "first/rigs/rig-1/worktrees/gt__toast__1/two.txt").exists)
        door.drain = True

    assert go_on(door, bare, tmp_path) == "saved"


@pytest.mark.parametrize("point", WHILE_IT_MERGES)
def test_a_merge_that_was_cut_off_is_done_once(door: Door, bare: Bare, tmp_path: Path, point: Point) -> None:
    """The next attempt merges, or finds that the one before did."""
    sha = bare.push("gt/toast/1", "one.txt", "one\n")
    order = bare.order("gt/toast/1", sha, gates=["test -f one.txt"])
    door.want({"id": "merge-1", "kind": "merge", "generation": 1, "payload": order.model_dump()})
    with dying(point, door, tmp_path):
        pass
    door.commands.clear()
    again = order.model_copy(update={"attempt": 2})
    door.want({"id": "merge-2", "kind": "merge", "generation": 2, "payload": again.model_dump()})

    with run_container(door, tmp_path / "second", GASTOWN_GENERATION="2"):
        outcome = door.report_of("merge-2")

    assert outcome["status"] in {"merged", "already_merged"}
    assert outcome["commit_sha"] == bare.head("main")
    merges = git("log", "--merges", "--format=%s", "main", at=bare.path).split("\n")
    assert merges == ["Merge gt/toast/1 into main"]
