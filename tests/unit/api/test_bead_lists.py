"""Lists of beads: a filter that is named is obeyed, whoever asks, and one that makes no sense is refused."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from gastown.domain.conversing import ensure_mayor, start_session
from gastown.domain.hooking import assign_bead
from gastown.domain.ids import BeadId
from gastown.usecases import tokens
from tests.support.people_door import PeopleDoor, R, people_door
from tests.support.stage import RIG, SIGNING_SECRET, TOWN

TOOLS = f"/api/mayor/{TOWN}/tools/rigs/{RIG}/beads"


@pytest.fixture
def door() -> Iterator[PeopleDoor]:
    """A town with one rig and two beads, one of which somebody is on."""
    with people_door() as door:
        for title in ("Taken", "Free"):
            door.clock.present += timedelta(seconds=1)
            door.ask("POST", f"{R}/beads", {"title": title})
        taken = next(bead.id for bead in door.town.beads.values() if bead.title == "Taken")
        door.change(lambda town, moment: assign_bead(town, BeadId(taken), moment))
        yield door


def mayor_token(door: PeopleDoor) -> str:
    """The token of the mayor's present session."""
    door.register()
    door.change(ensure_mayor)
    door.change(start_session)
    mayor = door.town.mayor
    assert mayor is not None
    return tokens.mint_mayor([SIGNING_SECRET], mayor, town_id=TOWN, now=door.now)


def titles(door: PeopleDoor, path: str, token: str | None = None) -> list[str]:
    """The titles of a list, as it comes."""
    answer = door.ask("GET", path, token=token)
    assert 200 == answer.status, answer.body
    return [bead["title"] for bead in answer.data]


def test_beads_are_listed_by_who_is_on_them(door: PeopleDoor) -> None:
    """By both names that scripts know (api facts, 4.1); nobody's beads are no beads."""
    [agent_id] = door.town.agents

    for name in ("assignee_agent_bead_id", "assignee_agent_id"):
        assert ["Taken"] == titles(door, f"{R}/beads?{name}={agent_id}")
    assert [] == titles(door, f"{R}/beads?assignee_agent_bead_id=nobody")
    assert ["Free", "Taken"] == titles(door, f"{R}/beads")


def test_the_mayor_lists_by_the_same_names(door: PeopleDoor) -> None:
    """Pages too."""
    token, [agent_id] = mayor_token(door), door.town.agents

    assert ["Taken"] == titles(door, f"{TOOLS}?assignee_agent_bead_id={agent_id}", token)
    assert ["Taken"] == titles(door, f"{TOOLS}?limit=1&offset=1", token)


@pytest.mark.parametrize("query", ["status=done", "type=task", "limit=many", "offset=-1"])
def test_a_filter_that_makes_no_sense_is_refused_by_name(door: PeopleDoor, query: str) -> None:
    """An empty list would look like an answer."""
    refused = door.ask("GET", f"{R}/beads?{query}")

    assert (400, [query.partition("=")[0]]) == (refused.status, refused.body["issues"][0]["path"])
