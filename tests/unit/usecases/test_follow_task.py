"""What ECS and Step Functions say becomes town events, once."""

import json
from typing import Any

import pytest

from gastown.domain.housing import accept_task
from gastown.usecases.follow_task import follow_execution, follow_task, stop_reason
from tests.support.stage import TOWN, Stage


@pytest.fixture
def stage() -> Stage:
    """A control plane on fakes with one quiet town."""
    return Stage()


def stopped(**more: Any) -> dict[str, Any]:
    """A stopped task of the town's first generation."""
    detail = {"startedBy": f"{TOWN}/1", "lastStatus": "STOPPED", "taskArn": "arn:1", "stoppedReason": "Scaling"}
    return {**detail, **more}


def test_a_stopped_task_is_told_once(stage: Stage) -> None:
    """EventBridge delivers at least once; the event's id makes it one."""
    stage.register()

    assert [follow_task(stage.uow, "event-1", stopped()) for _ in range(2)] == ["delivered", "known"]
    assert stage.inbox() == [("task_stopped", {"generation": 1, "task_arn": "arn:1", "reason": "Scaling"})]


@pytest.mark.parametrize(
    "strange", [{"lastStatus": "RUNNING"}, {"startedBy": "ecs-svc/x"}, {"startedBy": None}, {"startedBy": "nobody/1"}]
)
def test_whatever_is_no_stopped_town_task_is_ignored(stage: Stage, strange: dict[str, Any]) -> None:
    """Other tasks, other states, towns that are gone."""
    stage.register()

    assert follow_task(stage.uow, "event-1", stopped(**strange)) == "ignored"
    assert stage.inbox() == []


def test_a_surplus_task_takes_nobody_down(stage: Stage) -> None:
    """The generation lives on in the task that was accepted."""
    stage.register()
    stage.change(lambda town, moment: accept_task(town, 1, "arn:1", moment))

    assert follow_task(stage.uow, "event-1", stopped(taskArn="arn:2")) == "ignored"
    assert follow_task(stage.uow, "event-2", stopped(taskArn="arn:1")) == "delivered"


def test_a_stop_reason_is_one_line() -> None:
    """Code, words and exit codes, as far as they are there."""
    detail = {"stopCode": "EssentialContainerExited", "stoppedReason": "x", "containers": [{"exitCode": 0}, {}]}

    assert stop_reason(detail) == "EssentialContainerExited, x, exit 0"
    assert stop_reason({}) == "stopped"


def execution(convoy_id: str, **more: Any) -> dict[str, Any]:
    """An execution of the town that was aborted."""
    asked = json.dumps({"town_id": TOWN, "convoy_id": convoy_id})
    detail = {"executionArn": "arn:e", "name": f"{TOWN}_{convoy_id}", "status": "ABORTED", "input": asked}
    return {**detail, **more}


@pytest.mark.parametrize("more", [{}, {"input": None}, {"input": "{"}, {"input": "[]"}])
def test_an_execution_is_followed_by_its_input_or_its_name(stage: Stage, more: dict[str, Any]) -> None:
    """Large inputs are left out of events."""
    convoy_id = stage.sling()

    assert follow_execution(stage.uow, "event-1", execution(convoy_id, redriveCount=2, **more)) == "delivered"
    data = {"convoy_id": convoy_id, "status": "ABORTED", "execution_arn": "arn:e", "redrive": 2}
    assert stage.inbox() == [("execution_changed", data)]


@pytest.mark.parametrize(
    "more", [{"status": "SUCCEEDED"}, {"input": None, "name": "other"}, {"input": None, "name": "nobody_convoy"}]
)
def test_other_executions_are_ignored(stage: Stage, more: dict[str, Any]) -> None:
    """One that succeeded has only mirrored the town."""
    assert follow_execution(stage.uow, "event-1", execution("convoy-1", **more)) == "ignored"
    assert stage.inbox() == []
