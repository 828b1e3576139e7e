"""What ECS and Step Functions say of a town's container and convoys, as town events."""

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from gastown.domain.errors import NotFound
from gastown.domain.event import EventKind
from gastown.usecases.execution_effects import convoy_of_name
from gastown.usecases.unit_of_work import UnitOfWork

MARK = re.compile(r"(?P<town>.+)/(?P<generation>\d+)")
"""What a town's task was started by."""

FOLLOWED = frozenset({"RUNNING", "ABORTED", "FAILED", "TIMED_OUT"})
"""Statuses that mean something to a town; an execution that succeeded has only mirrored it."""

Followed = Literal["delivered", "known", "ignored"]


def follow_task(uow: UnitOfWork, event_id: str, detail: Mapping[str, Any]) -> Followed:
    """Tell a town that its task has stopped. Raises `Unavailable`; whatever is no stopped town task is ignored."""
    mark = MARK.fullmatch(str(detail.get("startedBy") or ""))
    if mark is None or detail.get("lastStatus") != "STOPPED":
        return "ignored"
    town_id, generation, task_arn = mark["town"], int(mark["generation"]), str(detail.get("taskArn") or "")
    try:
        if _is_surplus(uow, town_id, generation, task_arn):
            return "ignored"
        data = {"generation": generation, "task_arn": task_arn, "reason": stop_reason(detail)}
        return _delivered(uow.deliver(town_id, EventKind.TASK_STOPPED, data, source="ecs", event_id=event_id))
    except NotFound:  # the town is gone, and its container with it
        return "ignored"


def _is_surplus(uow: UnitOfWork, town_id: str, generation: int, task_arn: str) -> bool:
    """Whether the generation lives on in another task than this one."""
    container = uow.read(town_id).container
    return container.generation == generation and container.task_arn not in (None, task_arn)


def stop_reason(detail: Mapping[str, Any]) -> str:
    """Why a task stopped, in one line: the code, the words, and the containers' exit codes."""
    exits = [f"exit {c['exitCode']}" for c in detail.get("containers") or [] if c.get("exitCode") is not None]
    parts = [detail.get("stopCode"), detail.get("stoppedReason"), *exits]
    return ", ".join(str(part) for part in parts if part)[:500] or "stopped"


def follow_execution(uow: UnitOfWork, event_id: str, detail: Mapping[str, Any]) -> Followed:
    """Tell a town how a convoy's execution stands. Raises `Unavailable`; other executions are ignored."""
    subject = _subject(detail)
    if subject is None or detail.get("status") not in FOLLOWED:
        return "ignored"
    town_id, convoy_id = subject
    data = {
        "convoy_id": convoy_id,
        "status": detail["status"],
        "execution_arn": str(detail.get("executionArn") or ""),
        "redrive": int(detail.get("redriveCount") or 0),
    }
    try:
        return _delivered(uow.deliver(town_id, EventKind.EXECUTION_CHANGED, data, source="states", event_id=event_id))
    except NotFound:
        return "ignored"


def _subject(detail: Mapping[str, Any]) -> tuple[str, str] | None:
    """Town and convoy, by the execution's input; a large input is left out of the event, and then its name tells."""
    try:
        asked = json.loads(detail.get("input") or "null")
    except ValueError:
        asked = None
    if isinstance(asked, dict) and asked.get("town_id") and asked.get("convoy_id"):
        return str(asked["town_id"]), str(asked["convoy_id"])
    return convoy_of_name(str(detail.get("name") or ""))


def _delivered(new: bool) -> Followed:  # noqa: FBT001 - the store's own answer
    return "delivered" if new else "known"
