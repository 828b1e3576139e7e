"""Agents under an account of their own: they work in their folder and cannot reach what is the container's."""

import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gastown.container.broker import close_socket, open_socket
from gastown.container.processes import Account, find_account, make_folder
from gastown.container.runtimes import session_copy
from tests.integration.container.door import Door
from tests.integration.container.remote import Bare, make_bare
from tests.integration.container.running import run_container, run_fresh_container

ACCOUNT = "nobody"
PYTHON = shutil.which("python3", path="/usr/local/bin:/usr/bin") or ""
"""One that every account may run, unlike an environment in somebody's home."""
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may start processes of another account")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that other accounts may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def shared_bare(open_folder: Path) -> Bare:
    """A remote that everybody may push to."""
    made = make_bare(open_folder)
    for path in (made.path, *made.path.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    return made


def test_an_agent_works_and_cannot_change_what_is_not_its_own(door: Door, shared_bare: Bare, open_folder: Path) -> None:
    """It commits and pushes as the other account; the mirror, the tools and other agents' HOMEs are closed to it."""
    script = open_folder / "agent.sh"
    script.write_text(
        f"id -un > {open_folder}/workspace/rigs/rig-1/worktrees/gt__toast__1/who.txt; "
        "git add --all && git commit -q -m work && git push -q origin HEAD:refs/heads/gt/toast/1 || exit 4; "
        f"for place in rigs/rig-1/mirror/x bin/gt logs/x broker/x agents/x gitconfig mcp.json tools.json; do "
        f"if echo evil 2>/dev/null >> {open_folder}/workspace/$place; then echo wrote $place; exit 5; fi; done; "
        "cat /proc/$PPID/environ && exit 6; ls ../../../../logs && exit 7; exit 0\n"
    )
    rig = shared_bare.rig.model_dump()
    door.want(shared_bare.start("toast", 1, rig=rig))
    command = f"/bin/sh {script}"
    with run_fresh_container(door, open_folder / "workspace", command=command, GASTOWN_AGENT_USER=ACCOUNT) as running:
        completed = door.call_of("/agents/toast/completed")
        assert completed["status"] == "completed", completed
        order = shared_bare.order("gt/toast/1", shared_bare.head("gt/toast/1") or "", gates=["id -un >> who-gated.txt"])
        door.want({"id": "m", "kind": "merge", "generation": 1, "payload": order.model_dump()})
        merged = door.report_of("m")
        running.end()

    assert shared_bare.show("gt/toast/1", "who.txt") == ACCOUNT
    assert merged["status"] == "merged", merged


def test_its_unsaved_work_is_saved(door: Door, shared_bare: Bare, open_folder: Path) -> None:
    """The container commits as the agent's account and pushes from its own mirror."""
    door.want(shared_bare.start("toast", 1))
    command = "/bin/sh -c 'echo work > unsaved.txt; sleep 60'"
    with run_container(door, open_folder / "workspace", command=command, GASTOWN_AGENT_USER=ACCOUNT) as running:
        door.await_((open_folder / "workspace/rigs/rig-1/worktrees/gt__toast__1/unsaved.txt").exists)
        running.end()

    assert shared_bare.show("refs/gastown/wip/bead-1/toast/1", "unsaved.txt") == "work"


def reaches(place: Path, user: str) -> bool:
    """Whether a process of this user can open the socket."""
    entry = pwd.getpwnam(user)
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
        with socket.socket(socket.AF_UNIX) as mine:
            os._exit(mine.connect_ex(str(place)) != 0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_only_the_agents_account_opens_the_brokers_socket(open_folder: Path) -> None:
    """Neither the file nor its folder lets anybody else in, and its folder lets agents put nothing there."""
    place = open_folder / "broker" / "socket"
    listener = open_socket(place, find_account(ACCOUNT))

    assert (reaches(place, ACCOUNT), reaches(place, "daemon")) == (True, False)
    assert (place.parent.stat().st_uid, place.parent.stat().st_mode & 0o777) == (0, 0o710)
    close_socket(listener, place)
    assert not place.parent.exists()


def test_the_mayor_reads_the_code_and_git_of_a_rig_and_writes_nothing_there(
    door: Door, shared_bare: Bare, open_folder: Path
) -> None:
    """Its look at a rig belongs to the container's own account: no right that it could give itself lets it write."""
    browse = open_folder / "workspace" / "rigs" / "rig-1" / "browse"
    script = open_folder / "mayor.sh"
    script.write_text(
        f"while ! test -r {browse}/README || test -w {browse}/README; do sleep 0.1; done; cd {browse}; "
        "cat README && git log --oneline && git diff --stat || exit 3; "
        "for act in 'echo evil > README' 'echo evil > new' 'rm -f README' 'chmod u+w README' 'chmod u+w .' "
        "'git checkout -q -b mine' 'git commit -q --allow-empty -m evil' 'mv README x'; do "
        'if sh -c "$act" 2>/dev/null; then echo "could: $act"; exit 5; fi; done; exit 0\n'
    )
    payload = {
        "agent": {"id": "mayor-1", "name": "mayor", "role": "mayor"},
        "rig_id": "mayor-town-1",
        "rigs": [shared_bare.rig.model_dump() | {"name": "widgets"}],
    }
    start = {"id": "m", "kind": "start", "generation": 1, "agent_id": "mayor-1", "dispatch": 1, "payload": payload}
    door.want(start)
    with run_container(
        door, open_folder / "workspace", command=f"/bin/sh {script}", GASTOWN_AGENT_USER=ACCOUNT
    ) as running:
        ended = door.call_of("/agents/mayor-1/completed")
        running.end()

    assert ("completed", "hello\n") == (ended["status"], (browse / "README").read_text()), ended


@pytest.mark.skipif(not PYTHON, reason="there is no Python that every account may run")
def test_a_link_in_an_agents_home_leads_no_copy_out(open_folder: Path) -> None:
    """The copying is done by the agents' account: a database of the container's own stays closed to it.

    Neither is anything written through a link, when a copy comes back.
    """
    private, home = open_folder / "private.db", open_folder / "home"
    private.touch(mode=0o600)
    with closing(sqlite3.connect(private)) as writer:
        writer.execute("CREATE TABLE secret (text TEXT)")
        writer.commit()
    account = find_account(ACCOUNT)
    make_folder(home, account, mode=0o700)
    linked, own = home / "linked.db", home / "own.db"
    linked.symlink_to(private)
    before = private.read_bytes()

    refused, out = copy("out", linked, account)
    assert (refused, out) == (1, b"")
    with closing(sqlite3.connect(open_folder / "small.db")) as writer:
        writer.execute("CREATE TABLE message (text TEXT)")
        writer.commit()
    done, small = copy("out", open_folder / "small.db", None)
    assert (done, copy("in", linked, account, small)[0]) == (0, 0)
    assert (private.read_bytes(), linked.is_symlink()) == (before, False)
    assert copy("in", own, account, small)[0] == 0
    assert own.stat().st_uid == (account.uid if account else None)


def copy(way: str, database: Path, account: Account | None, given: bytes = b"") -> tuple[int, bytes]:
    """Run the copying program as the container does; its exit code and what it wrote."""
    who = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    done = subprocess.run(
        [PYTHON, "-I", "-S", session_copy.__file__, way, str(database)],
        cwd="/",
        input=given,
        capture_output=True,
        check=False,
        **who,  # type: ignore[call-overload]
    )
    return done.returncode, done.stdout
