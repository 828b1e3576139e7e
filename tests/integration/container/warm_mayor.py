"""A mayor of the real agent program: how the town describes it, so that a container warms it up, and starts it."""

from typing import Any

from tests.integration.container.door import TOWN, Door
from tests.support.model_api import ModelApi

PATIENCE = 120
"""Seconds: a server starts, and its first turn reads its tools."""
START = {
    "agent": {"id": "mayor", "name": "mayor", "role": "mayor"},
    "rig_id": f"mayor-{TOWN}",
    "instructions": "Speak of toast alone.",
    "runtime": "opencode",
    "model": "mayor",
    "small_model": "small",
}


def describe_mayor(door: Door, models: ModelApi, **changes: Any) -> None:
    """Have the town know the mayor, or one with other settings, and pay for its models."""
    door.model = {"token": "key-of-the-models-api", "url": models.url}
    door.mayor = {"agentId": "mayor", "organizationId": None, "start": {**START, **changes}, "access": door.model}


def a_start(dispatch: int, words: str, **changes: Any) -> dict[str, Any]:
    """The town's start of the mayor that was warmed up, or of one with other settings."""
    known = {"kind": "start", "generation": 1, "agent_id": "mayor", "dispatch": dispatch}
    return {"id": f"start-mayor-{dispatch}", **known, "payload": {**START, "words": words, **changes}}


def turns(door: Door) -> int:
    """How many turns of the mayor ended."""
    return sum(path.endswith("/agents/mayor/waiting") for _, path, _ in door.heard)


def hear_a_turn(door: Door, dispatch: int, words: str, **changes: Any) -> None:
    """Start the mayor with these words and wait for the end of its turn."""
    before = turns(door)
    door.want(a_start(dispatch, words, **changes))
    door.await_(lambda: turns(door) > before, seconds=PATIENCE)


def steps(door: Door, name: str) -> list[dict[str, Any]]:
    """What the container told of itself under this name."""
    batches = [body for _, path, body in door.heard if path.endswith("/container-events")]
    return [event for batch in batches for event in batch["events"] if event["event"] == name]
