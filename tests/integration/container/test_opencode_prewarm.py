"""A real agent program made warm for the mayor: the start that comes later finds its server and opens a session."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.container.door import Door
from tests.integration.container.running import run_container
from tests.integration.container.warm_mayor import a_start, describe_mayor
from tests.support.agent_program import agent_environment, needs_opencode
from tests.support.model_api import ModelApi, Say, open_model_api

pytestmark = needs_opencode
PATIENCE = 120
WORDS = {"id": "words", "kind": "message", "agent_id": "nobody", "dispatch": 1, "payload": {"prompt": "hello"}}
"""Nobody hears them, but their answer comes when the gate is open."""


@pytest.fixture
def models() -> Iterator[ModelApi]:
    """The stand-in for the models."""
    with open_model_api() as api:
        yield api


def run_mayor(door: Door, models: ModelApi, workspace: Path, start: dict[str, Any]) -> list[str]:
    """Warm the mayor up, start it, and hear its first turn to the end; what the container's log says, in order."""
    describe_mayor(door, models)
    models.scripts["mayor"] = models.scripts["another"] = lambda _: Say("It is under way.")
    door.want(WORDS)
    with run_container(door, workspace, **agent_environment()) as running:
        door.await_(lambda: door.acks.get("words"), seconds=PATIENCE)
        door.want(start)
        door.await_(lambda: [p for _, p, _ in door.heard if p.endswith("/agents/mayor/waiting")], seconds=PATIENCE)
        running.end(signal.SIGINT)
    told = running.said("server.spawned", "server.replaced", "mayor.prewarm_complete", "session.opened")
    return [line["msg"] for line in told]


def test_the_start_after_a_prewarm_spawns_no_second_server(door: Door, models: ModelApi, tmp_path: Path) -> None:
    """One server for both, with the mayor's tools and instructions from the first turn on (REQ-1.15, 1.18)."""
    told = run_mayor(door, models, tmp_path / "workspace", a_start(1, "Make breakfast"))

    assert ["server.spawned", "mayor.prewarm_complete", "session.opened"] == told
    first = models.talks("mayor")[0]
    assert "gastown_gt_sling_batch" in first.tools
    assert "Speak of toast alone." in first.system


def test_a_start_with_another_model_replaces_the_warm_server(door: Door, models: ModelApi, tmp_path: Path) -> None:
    """The settings were changed in between (REQ-1.15)."""
    told = run_mayor(door, models, tmp_path / "workspace", a_start(1, "Make breakfast", model="another"))

    both = ["server.spawned", "mayor.prewarm_complete", "server.replaced", "server.spawned", "session.opened"]
    assert both == told
