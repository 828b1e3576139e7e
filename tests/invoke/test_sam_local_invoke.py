"""Every door starts in Lambda's own runtime, reads what AWS calls it with, and says so when nothing outside answers."""

import json

import pytest

from tests.invoke.conftest import Lambda
from tests.support.recorded import recorded_names

AWAY = {
    "api/health": 200,
    "api/convoy_is_slung": 503,
    "agents/container_registers": 503,
    "agents/container_beats": 503,
    "debug/town_status": 503,
    "live/container_connects": 503,
    "live/container_disconnects": 200,
    "live/person_connects": 503,
}
"""The status by which a door over HTTP says that something outside did not answer, or that it needed nothing."""

COMES_AGAIN = ("effects/effect_is_announced", "reconcile/alarm_rings", "reconcile/town_is_woken")
RAISES = (
    "convoy/bead_is_waited_for",
    "sweep/minute_passes",
    "task_state/container_stops",
    "task_state/execution_is_redriven",
    "task_state/execution_is_stopped",
    "towns/town_is_asked_for",
)
PLACES = "user_token boot_code container_token task_token effect_key convoy_id bead_id ticket"
VALUES = {name: name.replace("_", "-") for name in PLACES.split()}

pytestmark = [pytest.mark.timeout(900)]


def test_every_recorded_event_is_expected_to_do_something() -> None:
    """An event that is added is added here."""
    assert recorded_names() == sorted([*AWAY, *COMES_AGAIN, *RAISES])


@pytest.mark.parametrize("name", sorted(AWAY))
def test_a_door_over_http_answers(functions: Lambda, name: str) -> None:
    """With a status, in every case."""
    answer = functions.call(name, VALUES).answer

    assert AWAY[name] == answer["statusCode"], json.dumps(answer)


@pytest.mark.parametrize("name", COMES_AGAIN)
def test_a_door_of_a_queue_asks_for_its_message_again(functions: Lambda, name: str) -> None:
    """Nothing is lost because storage is away."""
    answer = functions.call(name, VALUES).answer

    assert [{"itemIdentifier": "059f36b4-87a3-44ab-83d2-661975830a7d"}] == answer["batchItemFailures"]


@pytest.mark.parametrize("name", RAISES)
def test_a_door_that_is_called_alone_raises(functions: Lambda, name: str) -> None:
    """So that Lambda or the state machine tries again; by the name of the house's own error."""
    assert functions.call(name, VALUES).error in ("Unavailable", "CommitUnknown")
