"""Answering triage requests over HTTP: agents on a batch, people, and nobody else."""

from collections.abc import Iterator

import pytest

from gastown.domain.asking import Question, open_triage_request
from gastown.domain.bead import BeadStatus
from gastown.domain.hooking import assign_bead, dispatch
from gastown.domain.ids import Moment
from gastown.domain.patrolling import open_batch
from gastown.domain.slinging import Task, sling_bead
from gastown.domain.town import Town
from gastown.domain.triage import TriageType
from gastown.usecases import tokens
from tests.support.agent_world import NOW, RIG_ID, SECRETS, TOWN_ID, a_moment, an_agent_world
from tests.support.agents_door import Door, open_door
from tests.support.agents_door import R as AGENTS_R
from tests.support.people_door import PeopleDoor, R, T, people_door

STUCK = Question(type=TriageType.STUCK_AGENT, title="Toast is stuck")
RESOLVE = f"{AGENTS_R}/triage/resolve"


@pytest.fixture
def door() -> Iterator[tuple[Door, str, str]]:
    """A town with a request about its polecat, a batch at work; with the batch's token and the request's id."""
    world = an_agent_world()
    town = world.town
    request = open_triage_request(town, world.polecat, STUCK, a_moment())
    assert request is not None
    batch = open_batch(town, RIG_ID, a_moment())
    assign_bead(town, batch.id, a_moment())
    agent = town.agents[batch.assignee or world.polecat.id]
    dispatch(town, agent.id, a_moment())
    token = tokens.mint_agent(SECRETS, agent, town_id=TOWN_ID, dispatch=agent.dispatch, now=NOW)
    for opened in open_door(world):
        yield opened, token, request.id


def test_a_triage_agent_answers_a_request(door: tuple[Door, str, str]) -> None:
    """In any case of letters; the same key twice answers the same and acts once."""
    opened, token, request_id = door
    body = {"triage_request_bead_id": request_id, "action": "restart", "resolution_notes": "silent"}

    first, again = (opened.ask("POST", RESOLVE, token, body, key="k") for _ in range(2))

    assert first == again
    status, answer = first
    data = answer["data"]
    assert (status, data["bead_id"], data["status"]) == (200, request_id, "closed")
    assert (data["metadata"]["resolution_action"], data["metadata"]["resolution_notes"]) == ("RESTART", "silent")
    assert opened.desk.town().beads[opened.world.bead.id].status is BeadStatus.OPEN
    assert opened.ask("POST", RESOLVE, token, body)[0] == 404


def test_only_an_agent_at_work_on_a_batch_may(door: tuple[Door, str, str]) -> None:
    """Neither another agent, nor the container, nor an older dispatch."""
    opened, _, request_id = door
    body = {"triage_request_bead_id": request_id, "action": "DISCARD"}

    asked = [
        opened.ask("POST", RESOLVE, token, body)[0]
        for token in (opened.polecat, opened.container, opened.token_of(0), None)
    ]

    assert asked == [403, 403, 409, 401]
    assert list(opened.desk.town().triage) == [request_id]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"triage_request_bead_id": "x", "action": "EXPLODE"}, "action"),
        ({"triage_request_bead_id": "x", "action": 5}, "action"),
        ({"triage_request_bead_id": "", "action": "DISCARD"}, "triage_request_bead_id"),
        ({"triage_request_bead_id": "x", "action": "DISCARD", "resolution_notes": "y" * 2001}, "resolution_notes"),
    ],
)
def test_a_wrong_body_is_refused_by_its_field(door: tuple[Door, str, str], body: dict[str, object], field: str) -> None:
    """The answer names it."""
    opened, token, _ = door

    status, answer = opened.ask("POST", RESOLVE, token, body)

    assert status == 400
    assert field in str(answer["issues"])


def _ask(town: Town, moment: Moment) -> str:
    bead = sling_bead(town, R.rsplit("/", 1)[-1], Task(title="t"), "user-1", moment)
    assign_bead(town, bead.id, moment)
    request = open_triage_request(town, next(iter(town.agents.values())), STUCK, moment)
    assert request is not None
    return request.id


@pytest.fixture
def people() -> Iterator[PeopleDoor]:
    """The people's door."""
    with people_door() as opened:
        yield opened


def test_people_see_and_answer_what_is_open(people: PeopleDoor) -> None:
    """The owner; not a stranger."""
    request_id = people.change(_ask)
    [listed] = people.ask("GET", f"{T}/triage").data
    assert (listed["bead_id"], listed["metadata"]["triage_type"]) == (request_id, "stuck_agent")
    body = {"triage_request_bead_id": request_id, "action": "discard"}

    stranger = people.token("user-2")
    assert [people.ask("GET", f"{T}/triage", token=stranger).status] == [403]
    assert people.ask("POST", f"{R}/triage/resolve", body, token=stranger).status == 403
    answer = people.ask("POST", f"{R}/triage/resolve", body)

    assert (answer.status, answer.data["metadata"]["resolved_by"]) == (200, "user-1")
    assert people.ask("GET", f"{T}/triage").data == []


@pytest.mark.parametrize("said", ["soon", 0, -5, True, 1.5])
def test_a_time_limit_that_makes_no_sense_is_a_400_that_names_it(people: PeopleDoor, said: object) -> None:
    """When a bead is created, and when it is changed."""
    body = {"title": "t", "metadata": {"timeout_ms": said}}
    made = people.ask("POST", f"{R}/beads", {"title": "t"}).data["bead_id"]

    refused = [people.ask("POST", f"{R}/beads", body), people.ask("PATCH", f"{R}/beads/{made}", body)]

    assert [answer.status for answer in refused] == [400, 400]
    assert all("timeout_ms" in str(answer.body) for answer in refused)


def test_a_time_limit_is_kept(people: PeopleDoor) -> None:
    """In the bead's metadata, as it was said."""
    made = people.ask("POST", f"{R}/beads", {"title": "t", "metadata": {"timeout_ms": 60_000}})

    assert (made.status, made.data["metadata"]["timeout_ms"]) == (201, 60_000)
