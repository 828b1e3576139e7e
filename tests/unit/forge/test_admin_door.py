"""The forge as a program, steered over HTTP only."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.forge.repository import create_repository
from tests.support.forge.scene import Scene

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def program(tmp_path: Path) -> Iterator[str]:
    """The address of a forge in a process of its own, with a copy of a repository."""
    source = create_repository(tmp_path / "source.git")
    source.commit("main", {"copied.txt": "copied\n"})
    command = [sys.executable, "-m", "tests.support.forge", "--repo", f"acme/widgets={source.path}", "--token", "known"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(10)


def move(url: str, verb: str, /, **arguments: object) -> httpx.Response:
    """Make one move at the admin door."""
    return httpx.post(f"{url}/_forge/{verb}", json=arguments)


def test_a_story_is_told_over_http(program: str) -> None:
    """Push, open, add a thread and resolve it, report a check, merge over the API, read the journal."""
    pushed = move(program, "push", project="acme/widgets", branch="feature", files={"a.txt": "a\n"})
    sha = pushed.json()["result"]["sha"]
    number = move(program, "open_request", project="acme/widgets", head="feature").json()["result"]["number"]
    [key] = move(program, "add_thread", project="acme/widgets", number=number, body="Why?").json()["result"]
    move(program, "resolve", project="acme/widgets", number=number, thread=key)
    move(program, "set_check", project="acme/widgets", name="ci", sha=sha)
    headers = {"Authorization": "Bearer known"}
    merged = httpx.put(f"{program}/repos/acme/widgets/pulls/{number}/merge", headers=headers, json={"sha": sha})
    [entry] = httpx.get(f"{program}/_forge/journal").json()["result"]
    state = httpx.get(f"{program}/_forge/read_request?project=acme/widgets&number={number}").json()["result"]

    assert 200 == merged.status_code
    assert ["PUT", "known", 200] == [entry["method"], entry["token"], entry["status"]]
    assert {"state": "merged", "base": "main"}.items() <= state.items()
    assert state["threads"][0]["resolved"]


def test_tokens_expire_and_faults_are_armed_over_http(scene: Scene) -> None:
    """Whoever steers from another process has the same moves."""
    url = scene.forge.url
    move(url, "arm", kind="status", status=503)
    first = scene.call("GET", scene.github).status_code
    move(url, "expire_token", value=scene.token)

    assert [503, 401] == [first, scene.call("GET", scene.github).status_code]


def test_the_door_lists_its_moves_and_says_what_is_wrong(scene: Scene) -> None:
    """An unknown move is 404, a wrong argument 400 with the reason."""
    url = scene.forge.url
    unknown, wrong = move(url, "dance"), move(url, "push", project="acme/widgets")
    absent = move(url, "push", project="acme/none", branch="b", files={})
    scene.conflict()
    impossible = move(url, "merge", project=scene.path, number=scene.number)

    assert {"push", "arm", "journal", "advance"} <= set(httpx.get(f"{url}/_forge").json()["moves"])
    assert [404, 400, 400, 400] == [answer.status_code for answer in (unknown, wrong, absent, impossible)]
    assert "conflict" in impossible.json()["error"]
    assert "branch" in wrong.json()["error"]
    assert [] == scene.forge.journal.entries
