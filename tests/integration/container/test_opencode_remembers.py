"""What a mayor was told outlives its container: a real agent program goes on in a new one, on an empty disk."""

import gzip
import os
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.integration.container.door import Door
from tests.integration.container.running import Running, run_container
from tests.integration.container.warm_mayor import describe_mayor, hear_a_turn, steps
from tests.support.agent_program import SERVED, agent_environment, needs_opencode
from tests.support.model_api import ModelApi, Say, Talk, open_model_api

PATIENCE = 120
PLACE = "/store/mayor/opencode"


@pytest.fixture
def models() -> Iterator[ModelApi]:
    """The stand-in for the models: it answers with the number of what was said so far."""
    with open_model_api({"mayor": lambda talk: Say(f"Heard {len(talk.said)}.")}) as api:
        yield api


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


@pytest.mark.parametrize("runtime", SERVED)
def test_what_was_said_before_a_container_is_killed_is_known(
    door: Door, models: ModelApi, tmp_path: Path, runtime: str
) -> None:
    """Each end of a turn is kept while the program works on, so its write-ahead log has to be in the copy.

    The second container has another disk, and goes on in the same session; what it leaves at its end holds all of it.
    """
    with run_mayor(door, models, tmp_path / "workspace", runtime=runtime) as first:
        hear_a_turn(door, 1, "My word is marmalade", runtime=runtime)
        door.await_(lambda: "Heard 1." in kept_text(door, runtime), seconds=PATIENCE)
        kill_with_its_children(first)

    with run_mayor(door, models, tmp_path / "workspace", runtime=runtime) as second:
        hear_a_turn(door, 2, "What is my word?", runtime=runtime)
        second.end()

    said = last_talk(models).said
    assert len(said) == 2, second.log.read_text()
    assert ("My word is marmalade" in said[0], "What is my word?" in said[1]) == (True, True)
    assert len(steps(door, "session.restored")) == 1
    assert "Heard 2." in kept_text(door, runtime)


@needs_opencode
def test_a_copy_that_is_of_no_use_stops_no_mayor(door: Door, models: ModelApi, tmp_path: Path) -> None:
    """One from another folder, where the program would work on in silence, and one of a newer version of it.

    Each time the mayor begins anew, with what the town knows of what was said; what could not be used is told.
    """
    with run_mayor(door, models, tmp_path / "workspace") as first:
        hear_a_turn(door, 1, "My word is marmalade")
        assert first.end() == 0
    copy = door.kept[PLACE]
    door.conversation = "They spoke of breakfast."

    assert "They spoke of breakfast." in begin_anew(door, models, tmp_path / "elsewhere").system
    assert [] == steps(door, "session.not_restored")

    # The newer program calls its table otherwise; this one takes it for migrated and does not find it.
    door.kept[PLACE] = spoil(copy, tmp_path, "ALTER TABLE session RENAME TO session_v9")
    assert "They spoke of breakfast." in begin_anew(door, models, tmp_path / "workspace").system
    (told,) = steps(door, "session.not_restored")
    assert (told["agentId"], bool(told["reason"])) == ("mayor", True)
    assert "marmalade" not in kept_text(door)
    assert "What is my word?" in kept_text(door)


def begin_anew(door: Door, models: ModelApi, workspace: Path) -> Talk:
    """What the model is shown by a mayor that was told nothing before."""
    with run_mayor(door, models, workspace) as running:
        hear_a_turn(door, 2, "What is my word?")
        running.end()
    talk = last_talk(models)
    assert len(talk.said) == 1, running.log.read_text()
    return talk


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
