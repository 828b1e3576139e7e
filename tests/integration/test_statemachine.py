"""The convoy state machine: it is well formed, and on the emulator it waits for tokens and follows the answers."""

import io
import json
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from statelint.linter import Linter

from gastown.usecases.step_convoy import read_step
from infra.local.deployment import aws_session, client_settings
from infra.local.template import ROOT

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

MACHINE = ROOT / "infra" / "statemachines" / "convoy.asl.json"
WAIT_SECONDS = 20.0
POLL_SECONDS = 0.05

# The door's stand-in writes each call into a folder, whose name it has from its environment.
STAND_IN = """
import os, pathlib, json
def handler(event, context):
    place = pathlib.Path(os.environ["CALLS"]) / (event["token"] + ".json")
    place.with_suffix(".part").write_text(json.dumps(event))
    place.with_suffix(".part").rename(place)
    print("called")
"""
Answer = Callable[[dict[str, Any]], str | None]


def definition(*, wait_seconds: int | None = None, function: str = "arn:aws:lambda:us-east-1:0:function:x") -> str:
    """Return the definition with its function filled in, and other time-outs for its waits if asked."""
    text = MACHINE.read_text().replace("${ConvoyFunction}", function)
    return re.sub(r'"TimeoutSeconds": \d+', f'"TimeoutSeconds": {wait_seconds}', text) if wait_seconds else text


def tasks(states: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every task state, those inside maps too."""
    for state in states.values():
        if state["Type"] == "Task":
            yield state
        yield from tasks(state.get("ItemProcessor", {}).get("States", {}))


def test_the_definition_is_well_formed() -> None:
    """The linter of the language finds nothing."""
    assert [] == list(Linter().validate(str(MACHINE)))


def test_every_wait_ends_after_a_day_and_is_entered_again() -> None:
    """Tokens that got lost are replaced; only the function's own failures are tried again."""
    for task in tasks(json.loads(definition())["States"]):
        assert task["TimeoutSeconds"] == 86400
        assert [caught["ErrorEquals"] for caught in task["Catch"]] == [["States.Timeout"]]
        assert [retried["ErrorEquals"] for retried in task["Retry"]] == [["States.TaskFailed"]]
        assert task["Arguments"]["Payload"]["contract"] == 1


class Convoy:
    """One execution on the emulator with a stand-in for the door; `calls` are what the door was asked, in order."""

    def __init__(self, client: "SFNClient", machine: str, folder: Path) -> None:
        """Keep where calls arrive; nothing is started yet."""
        self.client, self.machine, self.folder = client, machine, folder
        self.calls: list[dict[str, Any]] = []

    def run(self, name: str, answer: Answer, **changes: Any) -> dict[str, Any]:
        """Run a convoy to its end, each call answered by what `answer` returns (None leaves it waiting)."""
        started = {"contract": 1, "town_id": "t", "convoy_id": name, "title": "A convoy", "staged": False}
        started |= {"merge_mode": "review-and-merge", "beads": [{"id": "b1", "title": "One"}], **changes}
        execution = self.client.start_execution(
            stateMachineArn=self.machine, name=f"t_{name}", input=json.dumps(started)
        )
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            self.answer_new_calls(answer)
            described = self.client.describe_execution(executionArn=execution["executionArn"])
            if described["status"] != "RUNNING":
                return dict(described)
            time.sleep(POLL_SECONDS)
        raise AssertionError(f"still running after {WAIT_SECONDS} s: {self.calls}")

    def answer_new_calls(self, answer: Answer) -> None:
        """Answer the calls that came since the last time."""
        for path in sorted(self.folder.glob("*.json"), key=lambda each: each.stat().st_mtime_ns):
            call = json.loads(path.read_text())
            path.unlink()
            self.calls.append(call)
            if outcome := answer(call):
                self.client.send_task_success(taskToken=call["token"], output=json.dumps({"outcome": outcome}))

    def steps(self) -> list[str]:
        """Return the steps in the order of their calls."""
        return [call["step"] for call in self.calls]


def zipped(source: str) -> bytes:
    """Return a function's zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("handler.py", source)
    return packed.getvalue()


@pytest.fixture
def make_convoy(emulator: str, tmp_path: Path) -> Iterator[Callable[[int | None], Convoy]]:
    """Makes the state machine with a stand-in for its function, and removes both afterwards."""
    function_client = aws_session().client("lambda", endpoint_url=emulator, config=client_settings())
    client = aws_session().client("stepfunctions", endpoint_url=emulator, config=client_settings())
    function_client.create_function(
        FunctionName="convoy-stand-in",
        Runtime="python3.13",
        Handler="handler.handler",
        Role="arn:aws:iam::000000000000:role/any",
        Code={"ZipFile": zipped(STAND_IN)},
        Environment={"Variables": {"CALLS": str(tmp_path)}},
    )
    arn = function_client.get_function(FunctionName="convoy-stand-in")["Configuration"]["FunctionArn"]
    made: list[str] = []

    def make(wait_seconds: int | None = None) -> Convoy:
        machine = client.create_state_machine(
            name=tmp_path.name,
            definition=definition(wait_seconds=wait_seconds, function=arn),
            roleArn="arn:aws:iam::000000000000:role/any",
        )["stateMachineArn"]
        made.append(machine)
        return Convoy(client, machine, tmp_path)

    yield make
    for machine in made:
        client.delete_state_machine(stateMachineArn=machine)
    function_client.delete_function(FunctionName="convoy-stand-in")


def landed(call: dict[str, Any]) -> str:
    """Answer each step with what a convoy that goes well answers."""
    return {"start": "started", "bead": "closed", "landing": "landed", "close": "landed"}[str(call["step"])]


def test_a_convoy_follows_its_beads_to_the_close(make_convoy: Callable[[], Convoy]) -> None:
    """Without staging and landing there are only beads and the close."""
    convoy = make_convoy()
    ended = convoy.run("plain", landed, beads=[{"id": "b1", "title": "One"}, {"id": "b2", "title": "Two"}])

    assert ended["status"] == "SUCCEEDED"
    assert sorted(convoy.steps()) == ["bead", "bead", "close"]
    assert {call["bead_id"] for call in convoy.calls if call["step"] == "bead"} == {"b1", "b2"}


def test_a_staged_convoy_that_lands_as_a_whole_waits_four_times(make_convoy: Callable[[], Convoy]) -> None:
    """Start, bead, landing, close: one after the other."""
    convoy = make_convoy()
    ended = convoy.run("staged", landed, staged=True, merge_mode="review-then-land")

    assert ended["status"] == "SUCCEEDED"
    assert convoy.steps() == ["start", "bead", "landing", "close"]


def test_a_convoy_closed_before_its_start_asks_for_no_bead(make_convoy: Callable[[], Convoy]) -> None:
    """The close alone is left to wait for."""
    convoy = make_convoy()
    ended = convoy.run("closed", lambda _call: "closed", staged=True)

    assert ended["status"] == "SUCCEEDED"
    assert convoy.steps() == ["start", "close"]


def test_a_failed_convoy_fails_its_execution(make_convoy: Callable[[], Convoy]) -> None:
    """The console shows red what the town calls failed."""
    ended = make_convoy().run("failed", lambda call: "failed" if call["step"] == "close" else landed(call))

    assert ended["status"] == "FAILED"
    assert ended["error"] == "ConvoyFailed"


def test_a_wait_without_an_answer_is_entered_again(make_convoy: Callable[[int], Convoy]) -> None:
    """A lost token costs time, not the convoy; the bead's id survives the second entry, which says that it is later.

    So the call of an execution that was stopped, if it comes late, does not take the place of its successor's.
    """
    convoy = make_convoy(1)
    asked: list[str] = []

    def second_time(call: dict[str, Any]) -> str | None:
        asked.append(call["step"])
        return None if asked.count(call["step"]) == 1 else landed(call)

    ended = convoy.run("late", second_time, staged=True)

    assert ended["status"] == "SUCCEEDED"
    assert convoy.steps() == ["start", "start", "bead", "bead", "close", "close"]
    assert {call.get("bead_id") for call in convoy.calls if call["step"] == "bead"} == {"b1"}
    entered = [read_step(call).entered_at for call in convoy.calls]
    assert None not in entered
    assert entered == sorted(set(entered), key=str)
