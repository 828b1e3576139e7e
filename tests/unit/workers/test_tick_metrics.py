"""Each tick writes one line of metrics, with what it did and nothing of what it did not."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from gastown.domain.errors import Unavailable
from gastown.domain.escalation import Severity
from gastown.domain.event import EventKind
from gastown.domain.ids import Moment
from gastown.domain.limits import MAX_EVENT_FAILURES
from gastown.domain.town import Town
from gastown.domain.warning import raise_escalation
from gastown.usecases import reconcile_town
from gastown.usecases.reconcile_town import Reconciler
from gastown.workers.reconcile import handle
from tests.support.stage import TOWN, FakeContext, Stage

Tick = Callable[[], dict[str, Any]]


def lines(text: str) -> list[dict[str, Any]]:
    """The lines of metrics in what was printed."""
    printed = [json.loads(line) for line in text.splitlines()]
    return [line for line in printed if "_aws" in line]


def values(line: dict[str, Any]) -> dict[str, float]:
    """The metrics of a line; the others are its dimensions, and what stands beside them."""
    return {metric["Name"]: line[metric["Name"]][0] for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}


@pytest.fixture
def tick(stage: Stage, context: FakeContext, capsys: pytest.CaptureFixture[str]) -> Tick:
    """Ticks the town by its door; the one line of metrics that was written."""

    def run() -> dict[str, Any]:
        capsys.readouterr()
        body = json.dumps({"town_id": TOWN, "cause": "test"})
        handle({"Records": [{"messageId": "m", "body": body}]}, context)
        [line] = lines(capsys.readouterr().out)
        return line

    return run


def test_a_tick_says_in_one_line_what_it_did(stage: Stage, tick: Tick) -> None:
    """Two beads are assigned and their agents started; the kinds and the town stand beside the numbers."""
    stage.register()
    stage.tick()
    stage.sling(tasks=2)

    line = tick()

    done = values(line)
    assert done.pop("tick_ms") > 0
    assert {"actions": sum(line["kinds"].values()), "dispatches": 2} == done
    assert (2, 2) == (line["kinds"]["AssignBead"], line["kinds"]["Dispatch"])
    assert TOWN == line["town_id"]
    assert [["service", "stage"]] == line["_aws"]["CloudWatchMetrics"][0]["Dimensions"]


def test_an_idle_tick_says_only_how_long_it_took(tick: Tick) -> None:
    """Nothing was done, and a zero would be a number that is stored."""
    line = tick()

    assert {"tick_ms"} == values(line).keys()
    assert {"_aws", "service", "stage", "town_id", "tick_ms"} == line.keys()


def test_a_tick_counts_how_often_its_commit_was_tried_again(stage: Stage, tick: Tick) -> None:
    """Somebody else committed first, twice."""
    stage.sling()
    stage.store.faults = ["conflict", "conflict"]

    assert 2 == values(tick())["commit_retries"]


def test_events_that_fail_wait_and_end_as_an_escalation(
    stage: Stage, tick: Tick, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits after the tick, what failed in it, and what it opened."""

    def fail(*_: object) -> None:
        raise KeyError("no such thing")

    monkeypatch.setattr(reconcile_town, "apply_event", fail)
    stage.uow.deliver(TOWN, EventKind.TASK_STOPPED, {}, source="test", event_id="1")

    told = [values(tick()) for _ in range(MAX_EVENT_FAILURES)]

    assert [1, 1, None] == [each.get("pending_events") for each in told]
    assert [1, 1, 1] == [each.get("tick_failures") for each in told]
    assert [None, None, 1] == [each.get("escalations_opened") for each in told]


def test_applied_events_are_counted(stage: Stage, tick: Tick) -> None:
    """Also one that says nothing new, for it was read and removed."""
    stage.uow.deliver(TOWN, EventKind.TASK_STOPPED, {"generation": 1}, source="test", event_id="1")

    line = values(tick())

    assert (1, None) == (line["events_applied"], line.get("pending_events"))


@pytest.mark.parametrize(
    ("fault", "metric"), [(Unavailable("storage"), "ticks_postponed"), (KeyError("x"), "ticks_failed")]
)
def test_a_tick_that_came_to_nothing_says_how_it_ended(
    tick: Tick, monkeypatch: pytest.MonkeyPatch, fault: Exception, metric: str
) -> None:
    """And how long it took to get there."""

    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(Reconciler, "tick", fail)

    line = values(tick())

    assert {"tick_ms", metric} == line.keys()
    assert 1 == line[metric]


def test_an_escalation_that_no_tick_opened_is_counted_where_it_was(
    stage: Stage, tick: Tick, capsys: pytest.CaptureFixture[str]
) -> None:
    """Agents call for help at their own door: once when it opens, and not again in the tick that follows."""

    def call_for_help(town: Town, moment: Moment) -> None:
        raise_escalation(town, moment, cause="test", severity=Severity.HIGH, title="Help", message="I am stuck")

    capsys.readouterr()
    for _ in range(2):
        stage.change(call_for_help)

    [line] = lines(capsys.readouterr().out)
    assert {"escalations_opened": 1} == values(line)
    assert "escalations_opened" not in values(tick())
