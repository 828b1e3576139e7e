"""A fresh container as a process: it starts what its registry names, and takes orders when that is done."""

import json
import signal
from pathlib import Path
from typing import Any

from tests.integration.container.door import TOWN, Door
from tests.integration.container.remote import Bare
from tests.integration.container.running import SLEEPER, run_container

MAYOR = {"agent": {"id": "mayor", "name": "mayor", "role": "mayor"}, "rig_id": f"mayor-{TOWN}"}
CONTEXT = {
    "agentId": "mayor",
    "organizationId": None,
    "start": {**MAYOR, "model": "big", "small_model": "small"},
    "access": {"token": "model-token-of-the-test"},
}


def said(log: Path) -> list[dict[str, Any]]:
    """The lines of a container's log."""
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_a_fresh_container_starts_what_its_registry_names(door: Door, bare: Bare, tmp_path: Path) -> None:
    """Once, although every heartbeat brings the same start again; a polecat that cannot start stops nothing."""
    away = bare.rig.model_dump() | {"git_url": "/nowhere.git"}
    door.registry = [bare.start("fig", 1, rig=away), {"id": "odd"}, bare.start("toast", 1)]
    door.forgetful = True

    with run_container(door, tmp_path / "workspace", command=SLEEPER) as running:
        outcomes = [door.ack_of(f"start-{name}-1")["outcome"] for name in ("fig", "toast")]
        door.want(bare.start("toast", 1))
        door.await_(lambda: len(door.acks["start-toast-1"]) >= 3)
        running.end(signal.SIGINT)

    assert ["refused", "accepted"] == outcomes
    assert 1 == len([path for _, path, _ in door.heard if path.endswith("/agents/toast/credentials")])
    events = [line["msg"] for line in said(running.log)]
    order = ["container.registered", "hydration.entry_skipped", "agent.resumed", "container.hydrated"]
    assert order == [event for event in events if event in order]


def test_a_fresh_container_warms_its_mayor_up(door: Door, tmp_path: Path) -> None:
    """It has its folder before anybody wants it, and no token is in the log. Words to nobody wait for the gate."""
    door.mayor = CONTEXT
    door.want({"id": "words", "kind": "message", "agent_id": "nobody", "dispatch": 1, "payload": {"prompt": "hello"}})

    with run_container(door, tmp_path / "workspace", command=SLEEPER) as running:
        assert "stale" == door.ack_of("words")["cause"]
        running.end(signal.SIGINT)

    assert "mayor.prewarm_complete" in [line["msg"] for line in said(running.log)]
    assert (tmp_path / "workspace" / "mayor").is_dir()
    assert "model-token-of-the-test" not in running.everything_written()
