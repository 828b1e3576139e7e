"""Recorded events: what AWS calls a door with, as files, with the few values filled in that cannot be recorded."""

import json
import re
from pathlib import Path
from typing import Any

EVENTS = Path(__file__).parent / "events"
PLACE = re.compile(r"\{\{(\w+)\}\}")


def recorded_names() -> list[str]:
    """Every recorded event as `<door>/<what happened>`."""
    return sorted(f"{path.parent.name}/{path.stem}" for path in EVENTS.glob("*/*.json"))


def recorded(name: str, values: dict[str, str]) -> dict[str, Any]:
    """One event with its places filled. Raises `KeyError` for a place without a value."""
    text = (EVENTS / f"{name}.json").read_text()
    event: dict[str, Any] = json.loads(PLACE.sub(lambda place: values[place[1]], text))
    return event
