"""The door of ECS and Step Functions events."""

import json
from typing import Any

import pytest

from gastown.domain.errors import Unavailable
from gastown.workers.task_state import handle
from tests.support.stage import TOWN, FakeContext, Stage

STOPPED = {"startedBy": f"{TOWN}/1", "lastStatus": "STOPPED", "taskArn": "arn:1", "stoppedReason": "Scaling"}


def event(kind: str, detail: Any, event_id: str = "event-1") -> dict[str, Any]:
    """An EventBridge event."""
    return {"id": event_id, "detail-type": kind, "detail": detail}


def test_a_stopped_task_reaches_its_town(stage: Stage, context: FakeContext) -> None:
    """And wakes it."""
    stage.register()
    stage.wake_queue.wakes.clear()

    assert handle(event("ECS Task State Change", STOPPED), context) == {"result": "delivered"}
    assert [kind for kind, _ in stage.inbox()] == ["task_stopped"]
    assert [wake.cause for wake in stage.wake_queue.wakes] == ["task_stopped"]


def test_an_aborted_execution_reaches_its_town(stage: Stage, context: FakeContext) -> None:
    """The convoy stops with the next tick."""
    convoy_id = stage.sling()
    asked = json.dumps({"town_id": TOWN, "convoy_id": convoy_id})
    detail = {"executionArn": "arn:e", "status": "ABORTED", "input": asked, "name": f"{TOWN}_{convoy_id}"}

    assert handle(event("Step Functions Execution Status Change", detail), context) == {"result": "delivered"}
    stage.tick()
    assert stage.town.convoy(convoy_id).state == "stopped"


@pytest.mark.parametrize("strange", [{}, event("Something Else", {}), event("ECS Task State Change", None)])
def test_a_strange_event_is_dropped(stage: Stage, context: FakeContext, strange: dict[str, Any]) -> None:
    """Trying again would not help."""
    assert handle(strange, context) == {"result": "ignored"}


def test_absent_storage_is_raised(stage: Stage, context: FakeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that Lambda tries again."""
    stage.register()

    def fail(*_arguments: object, **_more: object) -> None:
        raise Unavailable("storage")

    monkeypatch.setattr(stage.store, "deliver", fail)
    with pytest.raises(Unavailable):
        handle(event("ECS Task State Change", STOPPED), context)
