"""A mayor of the real agent program: how the town describes it, so that a container warms it up, and starts it."""

from typing import Any

from tests.integration.container.door import TOWN, Door
from tests.support.model_api import ModelApi

START = {
    "agent": {"id": "mayor", "name": "mayor", "role": "mayor"},
    "rig_id": f"mayor-{TOWN}",
    "instructions": "Speak of toast alone.",
    "runtime": "opencode",
    "model": "mayor",
    "small_model": "small",
}


def describe_mayor(door: Door, models: ModelApi) -> None:
    """Have the town know the mayor and pay for its models."""
    door.model = {"token": "key-of-the-models-api", "url": models.url}
    door.mayor = {"agentId": "mayor", "organizationId": None, "start": START, "access": door.model}


def a_start(dispatch: int, words: str, **changes: Any) -> dict[str, Any]:
    """The town's start of the mayor that was warmed up, or of one with other settings."""
    known = {"kind": "start", "generation": 1, "agent_id": "mayor", "dispatch": dispatch}
    return {"id": f"start-mayor-{dispatch}", **known, "payload": {**START, "words": words, **changes}}
