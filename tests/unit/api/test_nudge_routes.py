"""How far a nudge is: its sender, its agent's owner, the mayor and operators see it; other agents do not."""

from collections.abc import Iterator

import pytest

from gastown.domain.agent import Agent, Role
from gastown.domain.conversing import ensure_mayor, start_session
from gastown.domain.hooking import dispatch, hire, hook
from gastown.domain.ids import Moment
from gastown.domain.slinging import Task, sling_bead
from gastown.domain.town import Town
from gastown.usecases import tokens
from tests.support.people_door import PeopleDoor, R, T, people_door
from tests.support.stage import RIG, SIGNING_SECRET, TOWN


@pytest.fixture
def door() -> Iterator[PeopleDoor]:
    """A town with one rig and a ready container, behind the doors."""
    with people_door() as door:
        door.register()
        yield door


def hired(door: PeopleDoor) -> Agent:
    """A polecat at work."""

    def move(town: Town, moment: Moment) -> Agent:
        agent = hire(town, RIG, Role.POLECAT, moment)
        hook(town, agent, sling_bead(town, RIG, Task(title="Task"), "user-1", moment), moment)
        dispatch(town, agent.id, moment)
        return agent

    return door.change(move)


def token_of(door: PeopleDoor, agent: Agent) -> str:
    """The agent's own token."""
    return tokens.mint_agent([SIGNING_SECRET], agent, town_id=TOWN, dispatch=agent.dispatch, now=door.now)


def nudged(door: PeopleDoor, agent_id: str, **more: object) -> str:
    """Say something; the nudge's id."""
    answer = door.ask("POST", f"{R}/nudge", {"target_agent_id": agent_id, "message": "Hello", **more})
    assert 200 == answer.status, answer.body
    return str(answer.data["nudge_id"])


def test_a_nudge_is_found_by_its_id_while_it_waits_and_afterwards(door: PeopleDoor) -> None:
    """Its status says how far it is; expiry is visible."""
    agent = hired(door)
    nudge_id = nudged(door, agent.id, ttl_seconds=60)
    shown = door.ask("GET", f"{R}/beads/{nudge_id}").data
    assert ("nudge", "pending", "Hello") == (shown["type"], shown["status"], shown["body"])

    door.clock.present = door.town.nudges[next(iter(door.town.nudges))].expires_at or door.now
    door.tick()
    assert "expired" == door.ask("GET", f"{R}/beads/{nudge_id}").data["status"]


def test_whoever_owns_an_agent_sees_what_waits_for_it(door: PeopleDoor) -> None:
    """Urgent first, as the agent itself sees it; an agent of another rig is not found."""
    agent = hired(door)
    later, first = nudged(door, agent.id), nudged(door, agent.id, priority="urgent")
    path = f"{R}/agents/{agent.id}/pending-nudges"

    waiting = door.ask("GET", path).data
    assert [first, later] == [one["nudge_id"] for one in waiting]
    assert waiting == door.ask("GET", path, token=token_of(door, agent)).data
    assert 404 == door.ask("GET", f"{R}/agents/nobody/pending-nudges").status
    assert 403 == door.ask("GET", path, token=token_of(door, hired(door))).status


def test_what_waits_for_the_mayor_is_seen_by_its_town_and_operators(door: PeopleDoor) -> None:
    """Under the name that stands for its rig; operators see all of them together."""
    mayor_id = door.ask("POST", f"{T}/mayor/message", {"message": "Build"}).data["agentId"]
    nudged(door, hired(door).id)
    waiting = door.ask("GET", f"{T}/rigs/mayor-{TOWN}/agents/{mayor_id}/pending-nudges").data

    assert ["Build"] == [one["message"] for one in waiting]
    seen = door.ask("GET", f"/debug/towns/{TOWN}/nudges").body["nudges"]
    assert [("Build", "pending"), ("Hello", "pending")] == [(one["message"], one["state"]) for one in seen]


def test_the_mayor_sees_what_waits_for_its_agents(door: PeopleDoor) -> None:
    """By its tools (api facts, 3, no. 113)."""
    agent = hired(door)
    nudge_id = nudged(door, agent.id)
    door.change(ensure_mayor)
    door.change(start_session)
    mayor = door.town.mayor
    assert mayor is not None
    token = tokens.mint_mayor([SIGNING_SECRET], mayor, town_id=TOWN, now=door.now)

    path = f"/api/mayor/{TOWN}/tools/rigs/{RIG}/agents/{agent.id}/pending-nudges"
    assert [nudge_id] == [one["nudge_id"] for one in door.ask("GET", path, token=token).data]


def test_words_between_others_are_not_an_agents_to_read(door: PeopleDoor) -> None:
    """To whom they are and who wrote them may; anybody else does not find them."""
    mine, other, third = hired(door), hired(door), hired(door)
    letter = {"to_agent_id": mine.id, "subject": "News", "body": "Secret"}
    written = door.ask("POST", f"{R}/mail", letter, token=token_of(door, other)).data["mail_id"]
    said = nudged(door, mine.id)

    statuses = [
        [door.ask("GET", f"{R}/beads/{words}", token=token_of(door, agent)).status for agent in (mine, other, third)]
        for words in (written, said)
    ]
    assert [[200, 200, 404], [200, 404, 404]] == statuses
    assert 200 == door.ask("GET", f"{R}/beads/{written}").status
