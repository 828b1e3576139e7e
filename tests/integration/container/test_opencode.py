"""A real agent program in the container: its model is played by a stand-in, its tools and pushes are real.

What opencode does as a polecat and as the mayor is told by the story in which it plays every role.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.container.door import TOWN, Door
from tests.integration.container.remote import Bare
from tests.integration.container.running import run_container
from tests.support.agent_program import KILO_ALONE, SERVED, agent_environment, needs_opencode
from tests.support.model_api import ModelApi, Refuse, Say, Use, bash, moves, open_model_api

PATIENCE = 120
KEY = "key-of-the-models-api"


@pytest.fixture
def models() -> Iterator[ModelApi]:
    """The stand-in for the models."""
    with open_model_api() as api:
        yield api


def a_container(door: Door, models: ModelApi, workspace: Path, **more: str) -> Any:
    """A container whose town pays for these models."""
    door.model = {"token": KEY, "url": models.url}
    return run_container(door, workspace, **agent_environment(models.origin), **more)


def a_run(bare: Bare, agent_id: str, dispatch: int = 1, **changes: Any) -> dict[str, Any]:
    """A start for this runtime, with a model of the agent's name."""
    known = {"model": agent_id, "small_model": "small"}
    return bare.start(agent_id, dispatch, **known | changes)


def ack_of(door: Door, command_id: str) -> dict[str, Any]:
    """The answer to a command, with the patience that a starting server needs."""
    return dict(door.await_(lambda: door.acks.get(command_id), seconds=PATIENCE)[0])


def call_of(door: Door, path: str) -> dict[str, Any]:
    """The body of the first call whose path ends so."""
    return dict(door.await_(lambda: [b for _, p, b in door.heard if p.endswith(path)], seconds=PATIENCE)[0])


@pytest.mark.parametrize("runtime", [*KILO_ALONE, pytest.param("opencode-run", marks=needs_opencode)])
def test_a_polecat_does_a_bead(door: Door, bare: Bare, models: ModelApi, tmp_path: Path, runtime: str) -> None:
    """It edits with the program's tools, pushes for real, reports by a tool of the town, and asks no other host."""
    door.prime = {"toast": {"hooked_bead": {"title": "Make toast.txt", "body": "Write it."}}}
    models.scripts["toast"] = moves(
        Use("write", {"filePath": "toast.txt", "content": "made by a model\n"}),
        bash("git add --all && git commit -qm Toast && git push -q origin HEAD && git rev-parse HEAD"),
        lambda talk: Use(
            "gastown_gt_done",
            {"branch": "gt/toast/1", "head_sha": talk.results[-1].split()[-1], "summary": "Made toast"},
        ),
        Say("Done."),
    )
    door.want(a_run(bare, "toast", runtime=runtime))

    with a_container(door, models, tmp_path / "workspace", GASTOWN_IDLE_SECONDS="1") as running:
        assert ack_of(door, "start-toast-1")["outcome"] == "accepted", running.log.read_text()
        done = call_of(door, "/agents/toast/done")
        ended = call_of(door, "/agents/toast/completed")

    assert (done["branch"], done["head_sha"]) == ("gt/toast/1", bare.head("gt/toast/1"))
    assert "made by a model" == bare.show("gt/toast/1", "toast.txt")
    assert ("completed", 1) == (ended["status"], ended["dispatch"])
    first = models.talks("toast")[0]
    assert "Write it." in first.said[0]
    assert "a polecat of rig rig-1" in f"{first.system}\n{first.said[0]}"
    assert {KEY} == set(models.tokens)
    assert [] == models.elsewhere
    assert KEY not in running.everything_written()


@pytest.mark.parametrize("runtime", SERVED)
def test_a_refinery_cannot_change_what_it_judges(
    door: Door, bare: Bare, models: ModelApi, tmp_path: Path, runtime: str
) -> None:
    """It runs a gate, has no tools to edit, may not push, and asks for changes by a tool of the town."""
    sha = bare.push("gt/toast/1", "toast.txt", "burnt\n")
    agent = {"id": "judge", "name": "Judge", "role": "refinery"}
    review = {"id": "review-1", "branch": "gt/toast/1", "sha": sha, "target_branch": "main"}
    models.scripts["judge"] = moves(
        bash("grep -q golden toast.txt || echo not golden"),
        bash("git push origin HEAD:refs/heads/main"),
        Use("gastown_gt_request_changes", {"feedback": "It is burnt", "files": ["toast.txt"]}),
        Say("Changes are asked for."),
    )
    door.want(a_run(bare, "judge", runtime=runtime, agent=agent, review=review))

    with a_container(door, models, tmp_path / "workspace"):
        asked = call_of(door, "/agents/judge/request-changes")

    assert ("It is burnt", ["toast.txt"]) == (asked["feedback"], asked["files"])
    talks = models.talks("judge")
    assert {"edit", "write"}.isdisjoint(talks[0].tools)
    assert "not golden" in talks[1].results[0]
    assert "prevents you from using" in talks[2].results[1]
    assert bare.head("main") != sha


def a_mayor(dispatch: int, words: str, runtime: str) -> dict[str, Any]:
    """A start of the mayor."""
    payload = {
        "agent": {"id": "mayor", "name": "mayor", "role": "mayor"},
        "rig_id": f"mayor-{TOWN}",
        "words": words,
        "rigs": [{"id": "rig-1", "name": "Toasts", "git_url": "/x.git"}],
        "runtime": runtime,
        "model": "mayor",
        "small_model": "small",
    }
    known = {"kind": "start", "generation": 1, "agent_id": "mayor", "dispatch": dispatch}
    return {"id": f"start-mayor-{dispatch}", **known, "payload": payload}


@pytest.mark.parametrize("runtime", KILO_ALONE)
def test_a_mayor_turns_words_into_a_convoy_and_stays(
    door: Door, models: ModelApi, tmp_path: Path, runtime: str
) -> None:
    """Its turn ends as waiting; spoken to again it goes on in the same session; after a stop it remembers."""
    tasks = [{"title": "Toast", "body": "Make it"}, {"title": "Butter", "body": "Spread it", "depends_on": [0]}]
    batch = {"rig_id": "rig-1", "convoy_title": "Breakfast", "tasks": tasks}
    models.scripts["mayor"] = lambda talk: (
        Use("gastown_gt_sling_batch", batch) if len(talk.said) == 1 and not talk.results else Say("It is under way.")
    )
    door.want(a_mayor(1, "Make breakfast", runtime))

    def waits() -> list[Any]:
        return [b for _, p, b in door.heard if p.endswith("/agents/mayor/waiting")]

    with a_container(door, models, tmp_path / "workspace"):
        slung = call_of(door, "/tools/sling-batch")
        door.await_(lambda: len(waits()) == 1, seconds=PATIENCE)
        message = {"id": "word", "kind": "message", "generation": 1, "agent_id": "mayor", "dispatch": 1}
        door.want(message | {"payload": {"prompt": "And now?", "when": "idle"}})
        assert "accepted" == ack_of(door, "word")["outcome"]
        door.await_(lambda: len(waits()) == 2, seconds=PATIENCE)
        stop = {"id": "stop", "kind": "stop", "generation": 1, "agent_id": "mayor", "dispatch": 1, "payload": {}}
        door.want(stop)
        ack_of(door, "stop")
        door.want(a_mayor(2, "Still there?", runtime))
        door.await_(lambda: len(waits()) == 3, seconds=PATIENCE)

    assert "Breakfast" == slung["convoy_title"]
    assert ["Toast", "Butter"] == [task["title"] for task in slung["tasks"]]
    talks = models.talks("mayor")
    assert {"edit", "write"}.isdisjoint(talks[0].tools)
    assert "You are the mayor" in talks[0].system
    assert ["Make breakfast", "And now?", "Still there?"] == [
        next(text for text in ("Make breakfast", "And now?", "Still there?") if text in said) for said in talks[-1].said
    ]
    assert [1, 1, 2] == [wait["dispatch"] for wait in waits()]


@pytest.mark.parametrize("runtime", SERVED)
def test_an_error_of_the_models_api_ends_the_run_as_failed(
    door: Door, bare: Bare, models: ModelApi, tmp_path: Path, runtime: str
) -> None:
    """The reason is the API's own words, and no idle time is waited for."""
    models.scripts["toast"] = lambda _: Refuse(400, "no quota left")
    door.want(a_run(bare, "toast", runtime=runtime))

    with a_container(door, models, tmp_path / "workspace"):
        ended = call_of(door, "/agents/toast/completed")

    assert "failed" == ended["status"]
    assert "no quota left" in ended["reason"]


@pytest.mark.parametrize("runtime", SERVED)
def test_a_server_that_dies_is_a_failed_run(
    door: Door, bare: Bare, models: ModelApi, tmp_path: Path, runtime: str
) -> None:
    """A stream that ends without our doing is an exit, whether it broke or ended cleanly."""
    models.scripts["toast"] = moves(bash("kill -9 $(ps -o ppid= -p $$)"), Say("Still here."))
    door.want(a_run(bare, "toast", runtime=runtime))

    with a_container(door, models, tmp_path / "workspace"):
        ended = call_of(door, "/agents/toast/completed")

    assert "failed" == ended["status"]
