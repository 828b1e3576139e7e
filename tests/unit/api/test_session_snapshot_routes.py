"""Where a container finds and leaves the memory of sessions: addresses of its own town's agents, and nobody else's."""

from collections.abc import Iterator

import pytest

from gastown.domain.errors import Unavailable
from gastown.domain.limits import MAX_SNAPSHOT_BYTES
from gastown.usecases import tokens
from tests.support.agent_world import NOW, SECRETS, TOWN_ID, an_agent_world
from tests.support.agents_door import Door, T, open_door


@pytest.fixture
def door() -> Iterator[Door]:
    """A door before a town with one polecat at work."""
    yield from open_door(an_agent_world())


def path(door: Door, agent_id: str | None = None) -> str:
    """The route of one agent."""
    return f"{T}/container/agents/{agent_id or door.world.polecat.id}/session-snapshot"


def test_what_is_left_is_found(door: Door) -> None:
    """By address; before that there is none. The name is made of town, agent, program and generation."""
    status, answer = door.ask("GET", f"{path(door)}?program=opencode", door.container)
    assert (200, {"url": None}) == (status, answer["data"])

    status, answer = door.ask("POST", path(door), door.container, {"program": "opencode", "bytes": 6})
    door.snapshots.leave(answer["data"]["url"], b"memory")

    assert {f"{TOWN_ID}/{door.world.polecat.id}/opencode/000000000001": b"memory"} == door.snapshots.kept
    _, answer = door.ask("GET", f"{path(door)}?program=opencode", door.container)
    assert door.snapshots.fetch(answer["data"]["url"]) == b"memory"
    _, answer = door.ask("GET", f"{path(door)}?program=kilo", door.container)
    assert answer["data"] == {"url": None}


@pytest.mark.parametrize("generation", [0, 2])
def test_another_generation_is_refused(door: Door, generation: int) -> None:
    """A container that was replaced, or never was, neither reads nor writes."""
    token = tokens.mint_container(SECRETS, town_id=TOWN_ID, generation=generation, now=NOW)

    assert 409 == door.ask("GET", f"{path(door)}?program=opencode", token)[0]
    assert 409 == door.ask("POST", path(door), token, {"program": "opencode", "bytes": 6})[0]


def test_agents_of_other_towns_and_strangers_are_refused(door: Door) -> None:
    """An unknown agent is not found, another town's container may not ask, and agents themselves have no business."""
    other = tokens.mint_container(SECRETS, town_id="town-of-others", generation=1, now=NOW)
    asked = {"program": "opencode", "bytes": 6}

    assert 404 == door.ask("POST", path(door, "nobody"), door.container, asked)[0]
    assert 403 == door.ask("POST", path(door), other, asked)[0]
    assert 401 == door.ask("POST", path(door), door.polecat, asked)[0]
    assert 401 == door.ask("GET", f"{path(door)}?program=opencode")[0]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"program": "opencode", "bytes": MAX_SNAPSHOT_BYTES + 1}, "bytes"),
        ({"program": "opencode", "bytes": 0}, "bytes"),
        ({"program": "../other", "bytes": 1}, "program"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(door: Door, body: dict[str, object], field: str) -> None:
    """Too large, empty, or of a program that nobody knows."""
    status, answer = door.ask("POST", path(door), door.container, body)

    assert (400, field) == (status, answer["issues"][0]["path"][0])


def test_an_unknown_program_has_no_copies(door: Door) -> None:
    """It would be part of a name."""
    status, answer = door.ask("GET", f"{path(door)}?program=..", door.container)

    assert (400, "program") == (status, answer["issues"][0]["path"][0])


def test_a_store_that_is_silent_is_tried_again(door: Door) -> None:
    """Which the container hears as 503."""
    door.snapshots.failure = Unavailable("away")

    assert 503 == door.ask("GET", f"{path(door)}?program=opencode", door.container)[0]
