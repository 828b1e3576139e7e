"""Every door takes what AWS calls it with, and does what it is there for."""

import importlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gastown.domain.container import ContainerState
from gastown.domain.convoy import ConvoyState
from gastown.domain.effect import EffectKind
from gastown.usecases import mayors
from gastown.usecases.tokens import boot_code, mint_container
from gastown.usecases.viewers import issue_ticket, say
from tests.support.people_door import PeopleDoor, people_door
from tests.support.recorded import recorded, recorded_names
from tests.support.stage import SIGNING_SECRET, TOWN, FakeContext

FUNCTIONS = Path(__file__).resolve().parents[2] / "functions"


class Called:
    """A stage whose doors are called with recorded events; `values` fill the events' places."""

    def __init__(self, stage: PeopleDoor) -> None:
        """Know what holds for every event."""
        self.stage = stage
        self.values = {
            "user_token": stage.token(),
            "boot_code": boot_code(SIGNING_SECRET, TOWN, 1),
            "container_token": mint_container((SIGNING_SECRET,), town_id=TOWN, generation=1, now=stage.now),
            "task_token": "a-task-token",
        }

    def by(self, name: str) -> Any:
        """Call the door's own handler with the event, as Lambda does; what it answered."""
        door = importlib.import_module(f"functions.{name.partition('/')[0]}.handler")
        return door.handler(recorded(name, self.values), FakeContext())

    def sling(self) -> str:
        """A convoy of one bead, which the events name from now on; its id."""
        self.values["convoy_id"] = self.stage.sling()
        self.values["bead_id"] = next(iter(self.stage.town.beads))
        return self.values["convoy_id"]


@pytest.fixture
def called() -> Iterator[Called]:
    """Doors with a town on fakes behind them."""
    with people_door() as stage:
        yield Called(stage)


def answered(answer: dict[str, Any]) -> tuple[int, Any]:
    """Status and data of an HTTP door's answer."""
    return answer["statusCode"], json.loads(answer["body"])["data"]


def test_every_door_has_a_recorded_event_and_every_event_a_door() -> None:
    """A door that nothing calls in tests is one that nobody knows to work."""
    doors = {path.parent.name for path in FUNCTIONS.glob("*/handler.py")}

    assert doors == {name.partition("/")[0] for name in recorded_names()}


def test_every_recorded_event_is_tried_here() -> None:
    """Each of them by name."""
    text = Path(__file__).read_text()

    assert [] == [name for name in recorded_names() if f'"{name}"' not in text]


def test_the_api_is_well(called: Called) -> None:
    """Without looking at anything."""
    assert 200 == called.by("api/health")["statusCode"]


def test_a_person_slings_a_convoy(called: Called) -> None:
    """Through the people's door, with a body and a token."""
    status, data = answered(called.by("api/convoy_is_slung"))

    assert (201, 2) == (status, len(data["beads"]))
    assert data["convoy"]["id"] in called.stage.town.convoys


def test_a_container_registers(called: Called) -> None:
    """By the code of its generation."""
    called.stage.claim()

    status, data = answered(called.by("agents/container_registers"))

    assert (200, called.values["container_token"]) == (status, data["token"])
    assert ContainerState.READY is called.stage.town.container.state


def test_a_container_beats(called: Called) -> None:
    """And hears that it may go on."""
    called.stage.register()

    status, data = answered(called.by("agents/container_beats"))

    assert (200, False) == (status, data["superseded"])


def test_an_operator_looks_at_a_town(called: Called) -> None:
    """Through the door that only some stages have."""
    assert 200 == called.by("debug/town_status")["statusCode"]


@pytest.mark.parametrize("name", ["reconcile/town_is_woken", "reconcile/alarm_rings"])
def test_a_town_is_ticked(called: Called, name: str) -> None:
    """By its wake queue, and by the alarm that it armed."""
    called.sling()

    assert {"batchItemFailures": []} == called.by(name)
    assert 1 == called.stage.town.container.generation


def test_an_effect_is_performed(called: Called) -> None:
    """As the queue announces it."""
    called.stage.claim()
    called.values["effect_key"] = called.stage.outbox_key(EffectKind.RUN_TASK)

    assert {"batchItemFailures": []} == called.by("effects/effect_is_announced")
    assert ["task_accepted"] == [kind for kind, _ in called.stage.inbox()]


def test_an_execution_waits_for_a_bead(called: Called) -> None:
    """Its token is kept in the town."""
    called.sling()

    assert {"result": "waiting"} == called.by("convoy/bead_is_waited_for")
    assert ["a-task-token"] == [wait.token for wait in called.stage.town.waits.values()]


def test_a_container_that_stopped_is_known_to_its_town(called: Called) -> None:
    """With the reason, in one line."""
    called.stage.register()

    assert {"result": "delivered"} == called.by("task_state/container_stops")
    [(kind, data)] = called.stage.inbox()
    reason = "EssentialContainerExited, Essential container in task exited, exit 137"
    assert ("task_stopped", 1, reason) == (kind, data["generation"], data["reason"])


def test_an_execution_stopped_in_the_console_stops_its_convoy_and_a_redrive_resumes_it(called: Called) -> None:
    """Both seen from the execution's own events."""
    convoy_id = called.sling()
    states = []
    for name in ("task_state/execution_is_stopped", "task_state/execution_is_redriven"):
        assert {"result": "delivered"} == called.by(name)
        called.stage.tick()
        states.append(called.stage.town.convoy(convoy_id).state)

    assert [ConvoyState.STOPPED, ConvoyState.ACTIVE] == states


def test_a_minute_passes(called: Called) -> None:
    """And finds the town that lost its wake-up."""
    called.sling()
    called.stage.clock.move(timedelta(minutes=5))

    assert 1 == called.by("sweep/minute_passes")["overdue"]


def test_a_town_is_made(called: Called) -> None:
    """Also when that was asked for before."""
    assert {"town_id": TOWN, "state": "active"} == called.by("towns/town_is_asked_for")


def test_a_container_is_rung_from_its_connection_on(called: Called) -> None:
    """Until another one takes its place; a closed connection says nothing."""
    called.stage.register()

    assert {"statusCode": 200} == called.by("live/container_connects")
    assert {"statusCode": 200} == called.by("live/container_disconnects")
    assert "Wl7bTc8PIAMCJ1A=" == called.stage.town.container.connection_id


def test_a_person_watches_an_agent_from_a_browser(called: Called) -> None:
    """With the ticket in the query, once."""
    called.stage.register()
    mayors.ensure(called.stage.uow, TOWN, "user-1")
    mayor_id = str(called.stage.town.mayor and called.stage.town.mayor.id)
    called.values["ticket"] = issue_ticket(called.stage.uow, (SIGNING_SECRET,), TOWN, mayor_id, "user-1").token

    assert [{"statusCode": 200}, {"statusCode": 401}] == [called.by("live/person_connects") for _ in range(2)]
    say(called.stage.uow, called.stage.push_channel, TOWN, mayor_id, b"{}")
    assert {"Wl7cXe1mIAMCK4w=": [b"{}"]} == called.stage.push_channel.heard
