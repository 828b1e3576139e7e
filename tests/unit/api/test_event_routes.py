"""What containers tell of sessions and of themselves over HTTP, and who may read it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gastown.api.views import stamp
from gastown.domain.errors import Unavailable
from gastown.usecases import tokens, viewers
from gastown.usecases.tokens import mayor_rig
from gastown.workers import live
from tests.support.agent_world import NOW, SECRETS, TOWN_ID, an_agent_world
from tests.support.agents_door import Door, T, open_door
from tests.support.people_door import PeopleDoor, people_door
from tests.support.people_door import T as OURS
from tests.support.stage import SIGNING_SECRET, TOWN, FakeContext

AT = NOW.isoformat()


@pytest.fixture
def door() -> Iterator[Door]:
    """A door before a town with one polecat at work."""
    yield from open_door(an_agent_world())


@pytest.fixture
def people() -> Iterator[PeopleDoor]:
    """All doors, before a town whose container is ready."""
    with people_door() as opened:
        opened.register()
        yield opened


def line(sequence: int, text: str) -> dict[str, Any]:
    """One event as a container sends it."""
    return {"sequence": sequence, "event_type": "output", "created_at": AT, "data": {"text": text}}


def batch(*events: dict[str, Any], dispatch: int = 1) -> dict[str, Any]:
    """A batch of one run."""
    return {"dispatch": dispatch, "events": list(events)}


def test_a_batch_is_told_and_read(door: Door) -> None:
    """By the container and by the agents of the rig; told twice it is there once."""
    path = f"{T}/container/agents/{door.world.polecat.id}/events"
    for _ in range(2):
        status, answer = door.ask("POST", path, door.container, batch(line(1, "a"), line(2, "b")))
        assert (201, {"appended": True}) == (status, answer["data"])

    status, answer = door.ask("GET", f"{door.me}/events", door.container)
    assert (200, ["a", "b"]) == (status, [event["data"]["text"] for event in answer["data"]])
    first = answer["data"][0]
    assert (door.world.polecat.id, 1, "output", "2026-01-02T03:04:05.000Z") == (
        first["agent_id"], first["dispatch"], first["event_type"], first["created_at"],
    )  # fmt: skip
    assert 200 == door.ask("GET", f"{door.me}/events", door.polecat)[0]


@pytest.mark.parametrize(
    "body",
    [
        {},
        batch(),
        batch(line(0, "a")),
        batch(line(2, "a"), line(1, "b")),
        batch(line(1, "a"), line(1, "b")),
        batch(line(1, "x" * 65_000)),
        batch({**line(1, "a"), "created_at": "yesterday"}),
        batch({**line(1, "a"), "event_type": ""}),
        batch(line(1, "a"), dispatch=0),
        batch(*(line(n, "a") for n in range(1, 102))),
    ],
)
def test_a_wrong_batch_is_refused_whole(door: Door, body: dict[str, Any]) -> None:
    """400 that names the field, and nothing of it is kept."""
    path = f"{T}/container/agents/{door.world.polecat.id}/events"
    status, answer = door.ask("POST", path, door.container, body)

    assert (400, "Invalid request body") == (status, answer["error"])
    assert [] == door.ask("GET", f"{door.me}/events", door.container)[1]["data"]


def test_only_the_container_of_now_tells(door: Door) -> None:
    """An agent is forbidden to tell of itself or others, an older generation is stale."""
    path, body = f"{T}/container/agents/{door.world.polecat.id}/events", batch(line(1, "a"))
    old = tokens.mint_container(SECRETS, town_id=TOWN_ID, generation=0, now=NOW)

    assert 401 == door.ask("POST", path, door.polecat, body)[0]
    assert 409 == door.ask("POST", path, old, body)[0]
    assert 401 == door.ask("POST", path, None, body)[0]
    assert 404 == door.ask("POST", f"{T}/container/agents/nobody/events", door.container, body)[0]


def test_a_container_gets_the_conversation_so_far(door: Door) -> None:
    """As one block for the prompt of the session that goes on."""
    agent = f"{T}/container/agents/{door.world.polecat.id}"
    assert {"turns": 0, "block": ""} == door.ask("GET", f"{agent}/conversation", door.container)[1]["data"]
    door.ask("POST", f"{agent}/events", door.container, batch(line(1, "slung it")))

    status, answer = door.ask("GET", f"{agent}/conversation", door.container)

    assert (200, 1) == (status, answer["data"]["turns"])
    assert "slung it" in answer["data"]["block"]


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=0", "limit=1001", "limit=x"])
def test_a_wrong_page_is_refused(people: PeopleDoor, query: str) -> None:
    """400 that names the field."""
    answer = people.ask("GET", f"{OURS}/rigs/rig-1/agents/a-1/events?{query}")

    assert (400, query.partition("=")[0]) == (answer.status, answer.body["issues"][0]["path"][0])


def test_people_read_what_their_mayor_did_and_said(people: PeopleDoor) -> None:
    """The mayor's place stands where other agents have a rig; strangers are forbidden."""
    mayor_id = people.ask("POST", f"{OURS}/mayor/ensure").data["agentId"]
    people.tick()
    token = tokens.mint_container([SIGNING_SECRET], town_id=TOWN, generation=1, now=people.now)
    told = batch(
        {"sequence": 1, "event_type": "prompt", "created_at": AT, "data": {"text": "Build it"}}, line(2, "Slung.")
    )
    assert 201 == people.ask("POST", f"{OURS}/container/agents/{mayor_id}/events", told, token=token).status

    events = people.ask("GET", f"{OURS}/rigs/{mayor_rig(TOWN)}/agents/{mayor_id}/events?after=0&limit=10").data
    later = people.ask("GET", f"{OURS}/rigs/{mayor_rig(TOWN)}/agents/{mayor_id}/events?after={events[0]['id']}").data

    assert ["prompt", "output"] == [event["event_type"] for event in events]
    assert events[1:] == later
    turns = people.ask("GET", f"{OURS}/mayor/conversation").data
    assert [("user", "Build it"), ("assistant", "Slung.")] == [(turn["role"], turn["text"]) for turn in turns]
    stranger = people.token("user-2")
    assert 403 == people.ask("GET", f"{OURS}/mayor/conversation", token=stranger).status
    path = f"{OURS}/rigs/{mayor_rig(TOWN)}/agents/{mayor_id}/events"
    assert 403 == people.ask("GET", path, token=stranger).status
    assert 404 == people.ask("GET", f"{OURS}/rigs/{mayor_rig(TOWN)}/agents/nobody/events").status


def test_people_watch_their_mayor_live(people: PeopleDoor) -> None:
    """A ticket of one route opens a connection of the other door, which hears what HTTP would show."""
    people.settings = replace(people.settings, live_url="wss://live.example.com/live")
    with people.open():
        mayor_id = people.ask("POST", f"{OURS}/mayor/ensure").data["agentId"]
        people.tick()
        issued = people.ask("POST", f"{OURS}/container/agents/{mayor_id}/stream-ticket")
        connect = {"routeKey": "$connect", "connectionId": "c-1"}
        handshake = {"requestContext": connect, "queryStringParameters": {"ticket": issued.data["ticket"]}}
        assert {"statusCode": 200} == live.handle(handshake, FakeContext())
        token = tokens.mint_container([SIGNING_SECRET], town_id=TOWN, generation=1, now=people.now)
        path = f"{OURS}/container/agents/{mayor_id}/events"
        assert 201 == people.ask("POST", path, batch(line(1, "Slung."), line(2, "Done.")), token=token).status

        assert (200, "wss://live.example.com/live") == (issued.status, issued.data["url"])
        assert stamp(people.now + timedelta(seconds=60)) == issued.data["expires_at"]
        [told] = people.push_channel.heard["c-1"]
        shown = people.ask("GET", f"{OURS}/rigs/{mayor_rig(TOWN)}/agents/{mayor_id}/events").data
        assert (shown, shown[-1]["id"]) == (json.loads(told)["events"], json.loads(told)["cursor"])


def test_a_channel_that_fails_does_not_fail_the_batch(people: PeopleDoor) -> None:
    """The container is told that its events are kept, and they are."""
    mayor_id = people.ask("POST", f"{OURS}/mayor/ensure").data["agentId"]
    people.tick()
    ticket = viewers.issue_ticket(people.uow, [SIGNING_SECRET], TOWN, mayor_id, "user-1")
    viewers.admit(people.uow, [SIGNING_SECRET], ticket.token, "c-1")
    people.push_channel.failure = Unavailable("away")
    token = tokens.mint_container([SIGNING_SECRET], town_id=TOWN, generation=1, now=people.now)

    path = f"{OURS}/container/agents/{mayor_id}/events"
    assert 201 == people.ask("POST", path, batch(line(1, "Slung.")), token=token).status
    assert 1 == people.push_channel.tries
    assert 1 == len(people.ask("GET", f"{OURS}/rigs/{mayor_rig(TOWN)}/agents/{mayor_id}/events").data)


def test_only_who_may_see_the_town_gets_a_ticket(people: PeopleDoor) -> None:
    """No stranger, no container, nobody without a token; and there is none for an agent that is not there."""
    mayor_id = people.ask("POST", f"{OURS}/mayor/ensure").data["agentId"]
    path = f"{OURS}/container/agents/{mayor_id}/stream-ticket"
    container = tokens.mint_container([SIGNING_SECRET], town_id=TOWN, generation=1, now=people.now)

    assert 403 == people.ask("POST", path, token=people.token("user-2")).status
    assert [401, 401] == [people.ask("POST", path, token=token).status for token in (container, "")]
    assert 404 == people.ask("POST", f"{OURS}/container/agents/nobody/stream-ticket").status
    assert 404 == people.ask("POST", f"/api/towns/nowhere/container/agents/{mayor_id}/stream-ticket").status


def test_a_ticket_opens_no_other_door(people: PeopleDoor) -> None:
    """It is no token, of a person or of anybody else."""
    mayor_id = people.ask("POST", f"{OURS}/mayor/ensure").data["agentId"]
    ticket = viewers.issue_ticket(people.uow, [SIGNING_SECRET], TOWN, mayor_id, "user-1").token
    events = f"{OURS}/rigs/{mayor_rig(TOWN)}/agents/{mayor_id}/events"

    assert 401 == people.ask("GET", f"{OURS}/mayor/status", token=ticket).status
    assert 401 == people.ask("GET", events, token=ticket).status
    assert (
        401
        == people.ask("POST", f"{OURS}/container/agents/{mayor_id}/events", batch(line(1, "a")), token=ticket).status
    )


def test_a_town_without_a_mayor_has_no_conversation(people: PeopleDoor) -> None:
    """It is empty rather than an error."""
    assert [] == people.ask("GET", f"{OURS}/mayor/conversation").data


def test_a_container_tells_how_it_comes_up(people: PeopleDoor, capsys: pytest.CaptureFixture[str]) -> None:
    """Its owner reads it newest first; known durations become metrics, told again it is kept once (REQ-N.6)."""
    token = tokens.mint_container([SIGNING_SECRET], town_id=TOWN, generation=1, now=people.now)
    phase = {"event": "agent.startup_phase", "agentId": "a-1", "role": "mayor", "label": "worktree", "phaseMs": 12.5}
    told = {
        "events": [
            {"sequence": 1, "event": "container.registered", "durationMs": 830, "created_at": AT},
            {"sequence": 2, **phase, "elapsedMs": 40, "created_at": "2026-01-02T03:04:06Z", "more": "ignored"},
        ]
    }
    capsys.readouterr()
    for _ in range(2):
        assert 200 == people.ask("POST", f"{OURS}/container-events", told, token=token).status

    metrics = capsys.readouterr().out
    steps = people.ask("GET", f"{OURS}/container/events").data
    assert ["agent.startup_phase", "container.registered"] == [step["event"] for step in steps]
    assert (12.5, 40, "worktree", 1) == tuple(
        steps[0][name] for name in ("phaseMs", "elapsedMs", "label", "generation")
    )
    assert "more" not in steps[0]
    assert '"agent.startup_phase":[12.5]' in metrics
    assert '"kind":"worktree"' in metrics
    assert 1 == len(people.ask("GET", f"{OURS}/container/events?limit=1").data)
    assert 403 == people.ask("GET", f"{OURS}/container/events", token=people.token("user-2")).status


def test_a_container_tells_why_something_went_wrong(people: PeopleDoor) -> None:
    """A mayor that begins anew, for one; its owner reads the reason."""
    token = tokens.mint_container([SIGNING_SECRET], town_id=TOWN, generation=1, now=people.now)
    step = {"sequence": 1, "event": "session.not_restored", "created_at": AT, "reason": "the copy is damaged"}

    assert 200 == people.ask("POST", f"{OURS}/container-events", {"events": [step]}, token=token).status
    assert "the copy is damaged" == people.ask("GET", f"{OURS}/container/events").data[0]["reason"]


def test_an_older_container_tells_nothing(people: PeopleDoor) -> None:
    """409, and nothing is kept; a step without a name is a 400."""
    old = tokens.mint_container([SIGNING_SECRET], town_id=TOWN, generation=0, now=people.now)
    step = {"sequence": 1, "event": "container.cold_start", "created_at": AT}
    new = tokens.mint_container([SIGNING_SECRET], town_id=TOWN, generation=1, now=people.now)

    assert 409 == people.ask("POST", f"{OURS}/container-events", {"events": [step]}, token=old).status
    assert 400 == people.ask("POST", f"{OURS}/container-events", {"events": [{**step, "event": ""}]}, token=new).status
    assert [] == people.ask("GET", f"{OURS}/container/events").data


def test_the_decision_to_have_a_mayor_is_told(people: PeopleDoor, capsys: pytest.CaptureFixture[str]) -> None:
    """`mayor.ensure_decision`: wanted at first, warm once its session lives (REQ-N.6)."""
    capsys.readouterr()
    people.ask("POST", f"{OURS}/mayor/ensure")
    people.tick()
    people.ask("POST", f"{OURS}/mayor/ensure")

    metrics = [text for text in capsys.readouterr().out.splitlines() if "mayor.ensure_decision" in text]
    assert [True, True] == ['"kind":"wanted"' in metrics[0], '"kind":"warm"' in metrics[1]]
    [step] = people.ask("GET", f"{OURS}/container/events").data
    assert ("mayor.ensure_decision", "wanted") == (step["event"], step["reason"])
