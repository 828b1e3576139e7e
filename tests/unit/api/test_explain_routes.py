"""…/explain over HTTP: whatever people can name is explained, and nothing of another rig to an agent."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from gastown.domain.agent import Role
from gastown.domain.conversing import ensure_mayor, start_session
from gastown.domain.ending import fail_bead
from gastown.domain.hooking import hire
from gastown.domain.ids import Moment, RigId
from gastown.domain.rig import Rig
from gastown.domain.slinging import Task, sling_bead
from gastown.domain.town import Town
from gastown.usecases import tokens
from tests.support.people_door import PeopleDoor, R, T, people_door
from tests.support.stage import RIG, SIGNING_SECRET, TOWN

D = f"/debug/towns/{TOWN}"


@pytest.fixture
def door() -> Iterator[PeopleDoor]:
    """A town with one rig, behind the doors."""
    with people_door() as door:
        yield door


def slung(door: PeopleDoor) -> str:
    """A bead; its id."""
    return str(door.ask("POST", f"{R}/beads", {"title": "Task"}).data["bead_id"])


def test_a_failed_bead_says_over_each_route_why_and_what_to_do(door: PeopleDoor) -> None:
    """Also when the working set has forgotten it; then it is one read more."""
    bead_id = slung(door)
    door.change(lambda town, moment: fail_bead(town, town.bead(bead_id), "exhausted", "it hung", moment))
    door.tick()

    for path in (f"{T}/explain/{bead_id}", f"{R}/beads/{bead_id}/explain"):
        told = door.ask("GET", path).data
        assert ("failed", "exhausted; it hung", ["retry", "delete"]) == (
            told["state"],
            told["ended_as"],
            told["people_can"],
        )
    assert 404 == door.ask("GET", f"{T}/explain/nobody").status


def test_the_mayor_and_what_it_was_told_are_explained(door: PeopleDoor) -> None:
    """By its id, as every other agent."""
    mayor_id = door.ask("POST", f"{T}/mayor/message", {"message": "Hello"}).data["agentId"]
    [nudge_id] = door.town.nudges

    told = door.ask("GET", f"{T}/explain/{mayor_id}").data
    assert ("mayor", "container") == (told["kind"], told["waits_for"][0]["what"])
    assert "nudge" == door.ask("GET", f"{T}/explain/{nudge_id}").data["kind"]


def test_the_mayor_may_ask_why_something_does_not_move(door: PeopleDoor) -> None:
    """People ask it; agents of rigs and older sessions of its own may not use its tools."""
    bead_id = slung(door)
    door.register()
    door.change(ensure_mayor)
    door.change(start_session)
    mayor = door.town.mayor
    assert mayor is not None
    token = tokens.mint_mayor([SIGNING_SECRET], mayor, town_id=TOWN, now=door.now)
    path = f"/api/mayor/{TOWN}/tools/explain/{bead_id}"

    assert door.ask("GET", f"{T}/explain/{bead_id}").data == door.ask("GET", path, token=token).data
    agent = door.change(lambda town, moment: hire(town, RIG, Role.POLECAT, moment))
    other = tokens.mint_agent([SIGNING_SECRET], agent, town_id=TOWN, dispatch=agent.dispatch, now=door.now)
    assert 403 == door.ask("GET", path, token=other).status


def test_the_operators_status_explains_the_whole_town(door: PeopleDoor) -> None:
    """Convoys, beads and whoever is on them, and the mayor, by the same function as the routes."""
    door.sling(tasks=2)
    door.ask("POST", f"{T}/mayor/ensure")
    door.register()
    door.tick()

    explained = door.ask("GET", f"{D}/status").body["explain"]
    assert {"convoy", "bead", "agent", "mayor"} == {one["kind"] for one in explained}
    bead = next(one for one in explained if one["kind"] == "bead")
    assert bead == door.ask("GET", f"{R}/beads/{bead['id']}/explain").data


def test_an_agent_is_not_told_of_another_rig(door: PeopleDoor) -> None:
    """Not of its beads, not of its agents; its own it may ask for."""

    def two_rigs(town: Town, moment: Moment) -> tuple[str, str, str]:
        other = Rig(id=RigId("rig-2"), name="other", git_url="/other", default_branch="main", created_at=moment.now)
        town.rigs[other.id] = other
        foreign = sling_bead(town, other.id, Task(title="Theirs"), "user-1", moment).id
        return hire(town, RIG, Role.POLECAT, moment).id, hire(town, other.id, Role.POLECAT, moment).id, foreign

    mine, theirs, foreign = door.change(two_rigs)
    agent, later = door.town.agent(mine), door.now + timedelta(seconds=1)
    token = tokens.mint_agent([SIGNING_SECRET], agent, town_id=TOWN, dispatch=agent.dispatch, now=later)

    assert 404 == door.ask("GET", f"{R}/beads/{foreign}/explain", token=token).status
    assert 404 == door.ask("GET", f"{R}/agents/{theirs}/explain", token=token).status
    assert 200 == door.ask("GET", f"{R}/agents/{mine}/explain", token=token).status
    assert 200 == door.ask("GET", f"{R}/beads/{slung(door)}/explain", token=token).status
