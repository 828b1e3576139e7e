"""What a mayor was told outlives its container: a real agent program goes on in a new one, on an empty disk."""

import gzip
import os
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.container.door import Door, open_door
from tests.integration.container.running import Running, run_container
from tests.integration.container.warm_mayor import describe_mayor, hear_a_turn, steps
from tests.support.agent_program import SERVED, agent_environment, needs_opencode
from tests.support.model_api import ModelApi, Say, Talk, open_model_api

PATIENCE = 120
PLACE = "/store/mayor/opencode"


@contextmanager
def remembering_models() -> Iterator[ModelApi]:
    """The stand-in for the models: it answers with the number of what was said so far."""
    with open_model_api() as api:
        api.scripts["mayor"] = lambda talk: Say(f"Heard {len(talk.said)}.")
        yield api


@pytest.fixture
def models() -> Iterator[ModelApi]:
    """Models that count."""
    with remembering_models() as api:
        yield api


@dataclass(frozen=True)
class Left:
    """What a container left that was told to end: where its mayor worked, and the copy of what that one was told."""

    workspace: Path
    copy: bytes


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """The word is marmalade."""
    workspace = tmp_path_factory.mktemp("left") / "workspace"
    with open_door() as door, remembering_models() as models:
        with run_mayor(door, models, workspace) as first:
            hear_a_turn(door, 1, "My word is marmalade")
            assert first.end() == 0
        return Left(workspace, door.kept[PLACE])


def run_mayor(door: Door, models: ModelApi, workspace: Path, **changes: Any) -> Any:
    """A container on an empty disk, whose mayor's model is paid for, so that it is warmed up too."""
    shutil.rmtree(workspace, ignore_errors=True)
    describe_mayor(door, models, **changes)
    return run_container(door, workspace, **agent_environment())


def kept_text(door: Door, runtime: str = "opencode") -> str:
    """All that the copy remembers, as one text."""
    place = f"/store/mayor/{runtime}"
    with closing(sqlite3.connect(":memory:")) as copy:
        copy.deserialize(gzip.decompress(door.kept[place])) if place in door.kept else None
        return "\n".join(copy.iterdump())


def last_talk(models: ModelApi) -> Talk:
    """What the model saw last."""
    return models.talks("mayor")[-1]


def kill_with_its_children(running: Running) -> None:
    """What ECS does to a task that is out of memory: everything ends at once, and nothing is tidied up."""
    running.process.kill()
    running.process.wait()
    for line in running.said("server.spawned"):
        os.killpg(line["pid"], signal.SIGKILL)


@needs_opencode
def test_a_mayor_in_a_new_container_knows_what_was_said(door: Door, models: ModelApi, left: Left) -> None:
    """The first container was told to end; the second has another disk, and goes on in the same session."""
    door.kept[PLACE] = left.copy

    with run_mayor(door, models, left.workspace) as second:
        hear_a_turn(door, 2, "What is my word?")
        second.end()

    said = last_talk(models).said
    assert len(said) == 2, second.log.read_text()
    assert "My word is marmalade" in said[0]
    assert "What is my word?" in said[1]
    assert len(steps(door, "session.restored")) == 1


@pytest.mark.parametrize("runtime", SERVED)
def test_what_was_said_before_a_container_is_killed_is_known(
    door: Door, models: ModelApi, tmp_path: Path, runtime: str
) -> None:
    """Each end of a turn is kept while the program works on, so its write-ahead log has to be in the copy."""
    with run_mayor(door, models, tmp_path / "workspace", runtime=runtime) as first:
        hear_a_turn(door, 1, "My word is marmalade", runtime=runtime)
        door.await_(lambda: "Heard 1." in kept_text(door, runtime), seconds=PATIENCE)
        kill_with_its_children(first)

    with run_mayor(door, models, tmp_path / "workspace", runtime=runtime) as second:
        hear_a_turn(door, 2, "What is my word?", runtime=runtime)
        second.end()

    assert "My word is marmalade" in last_talk(models).said[0]


@needs_opencode
def test_a_mayor_whose_workspace_moved_begins_anew(door: Door, models: ModelApi, left: Left, tmp_path: Path) -> None:
    """The program works on a session in the folder where it began, and would be silent about it here."""
    door.kept[PLACE] = left.copy
    door.conversation = "They spoke of marmalade."

    with run_mayor(door, models, tmp_path / "elsewhere") as second:
        hear_a_turn(door, 2, "What is my word?")
        second.end()

    assert len(last_talk(models).said) == 1
    assert "They spoke of marmalade." in last_talk(models).system


def spoil(data: bytes, tmp_path: Path, *statements: str) -> bytes:
    """The copy after these statements, as another version of the program would have left it."""
    database = tmp_path / "spoilt.db"
    database.write_bytes(gzip.decompress(data))
    with closing(sqlite3.connect(database)) as copy:
        copy.execute("PRAGMA journal_mode = DELETE")
        for statement in statements:
            copy.execute(statement)
        copy.commit()
    return gzip.compress(database.read_bytes())


@needs_opencode
@pytest.mark.parametrize("what", ["damaged", "of a newer version"])
def test_a_copy_that_is_of_no_use_stops_no_mayor(
    door: Door, models: ModelApi, left: Left, tmp_path: Path, what: str
) -> None:
    """It begins anew, and what it could not use is told with the reason."""
    if what == "damaged":
        door.kept[PLACE] = left.copy[:-100]
    else:
        # The newer program calls its table otherwise; this one takes it for migrated and does not find it.
        door.kept[PLACE] = spoil(left.copy, tmp_path, "ALTER TABLE session RENAME TO session_v9")

    with run_mayor(door, models, left.workspace) as second:
        hear_a_turn(door, 2, "What is my word?")
        second.end()

    assert len(last_talk(models).said) == 1, second.log.read_text()
    (told,) = steps(door, "session.not_restored")
    assert (told["agentId"], bool(told["reason"])) == ("mayor", True)
    assert "marmalade" not in kept_text(door)
    assert "What is my word?" in kept_text(door)
