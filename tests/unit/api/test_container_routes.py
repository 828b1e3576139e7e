"""What a container may call over HTTP, how it is answered, and what an older generation gets."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from gastown.usecases import tokens
from tests.support.agent_world import NOW, RIG_ID, SECRETS, SHA, TOWN_ID, an_agent_world
from tests.support.agents_door import Door, JsonBody, R, T, open_door


@pytest.fixture
def door() -> Iterator[Door]:
    """A door before a town with one polecat at work."""
    yield from open_door(an_agent_world())


def test_a_container_registers_and_beats(door: Door) -> None:
    """The whole way from boot code to the first command."""
    code = tokens.boot_code(SECRETS[0], TOWN_ID, 1)
    asked = {"generation": 1, "code": code, "instance_id": "instance-1"}

    status, answer = door.ask("POST", f"{T}/container/register", body=asked)

    assert (status, answer["data"]["live_url"]) == (200, "wss://live.example.com")
    beat = {"generation": 1, "agents": [{"agent_id": door.world.polecat.id, "dispatch": 1}]}
    status, answer = door.ask("POST", f"{T}/container/heartbeat", answer["data"]["token"], beat)
    assert (status, answer["success"], answer["data"]["commands"][0]["kind"]) == (200, True, "start")


@pytest.mark.parametrize(("change", "status"), [({"code": "wrong"}, 401), ({"instance_id": "another"}, 409)])
def test_a_registration_is_refused(door: Door, change: dict[str, str], status: int) -> None:
    """A wrong code is unknown, a second instance comes too late."""
    asked = {"generation": 1, "code": tokens.boot_code(SECRETS[0], TOWN_ID, 1), "instance_id": "instance-1"}

    assert door.ask("POST", f"{T}/container/register", body=asked | change)[0] == status


def test_commands_are_acknowledged_and_reported(door: Door) -> None:
    """Each becomes one town event; a report without a review is one of a setup."""
    merge = {"review_id": "r-1", "attempt": 1, "status": "merged", "commit_sha": SHA, "gates": []}

    statuses = [
        door.ask("POST", f"{T}/container/commands/c-1/ack", door.container, {"outcome": "accepted"})[0],
        door.ask("POST", f"{T}/container/commands/c-2/report", door.container, merge)[0],
        door.ask("POST", f"{T}/container/commands/c-3/report", door.container, {"status": "ready"})[0],
    ]

    assert statuses == [200, 200, 200]
    assert sorted(kind for kind, _ in door.desk.inbox()) == ["command_acked", "merge_reported", "setup_reported"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{T}/container/heartbeat", {"generation": 0}),
        (f"{T}/container/commands/c-1/ack", {"outcome": "perhaps"}),
        (f"{T}/container/commands/c-1/report", {"review_id": "r-1", "attempt": 1, "status": "unheard of"}),
        (f"{T}/container/commands/c-1/report", None),
        (f"{T}/container/agents/a-1/credentials", {}),
        (f"{R}/agents/a-1/completed", {"status": "finished", "dispatch": 1}),
    ],
)
def test_a_wrong_body_of_a_container_is_refused(door: Door, path: str, body: JsonBody) -> None:
    """400 in the reference's form, and nothing is written."""
    status, answer = door.ask("POST", path, door.container, body)

    assert (status, answer["success"], answer["error"]) == (400, False, "Invalid request body")
    assert {"code", "path", "message"} <= answer["issues"][0].keys()
    assert door.desk.inbox() == []


def test_credentials_are_given_for_the_current_run(door: Door) -> None:
    """They come with a token that the same door accepts; a stale dispatch gets nothing."""
    path = f"{T}/container/agents/{door.world.polecat.id}/credentials"

    status, answer = door.ask("POST", path, door.container, {"dispatch": 1})

    assert (status, answer["data"]["git"], answer["data"]["env"]) == (200, None, {})
    assert door.ask("GET", f"{door.me}/prime", answer["data"]["agent_token"])[0] == 200
    assert door.ask("POST", path, door.container, {"dispatch": 0})[0] == 400
    assert door.ask("POST", f"{T}/container/rigs/{RIG_ID}/credentials", door.container, {})[1]["data"] == {"git": None}


def test_an_expired_container_token_is_refreshed_for_a_day(door: Door) -> None:
    """Everything else refuses it with the text that clients wait for."""
    path = f"{T}/refresh-container-token"
    door.desk.around.time = NOW + timedelta(hours=31)
    status, answer = door.ask("POST", f"{T}/container/heartbeat", door.container, {"generation": 1})
    assert (status, answer["error"]) == (401, "Token expired")

    status, answer = door.ask("POST", path, door.container)

    assert (status, set(answer["data"])) == (200, {"token"})
    door.desk.around.time = NOW + timedelta(hours=33)
    assert door.ask("POST", path, door.container)[0] == 401


def test_an_older_generation_is_refused_everywhere(door: Door) -> None:
    """409 for what it writes and asks; its heartbeat tells it to leave."""
    old = tokens.mint_container(SECRETS, town_id=TOWN_ID, generation=0, now=NOW)
    ack = {"outcome": "accepted"}

    assert door.ask("POST", f"{T}/container/commands/c-1/ack", old, ack)[0] == 409
    assert door.ask("POST", f"{T}/refresh-container-token", old)[0] == 409
    assert door.ask("POST", f"{T}/container/rigs/{RIG_ID}/credentials", old, {})[0] == 409
