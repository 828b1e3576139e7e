"""How containers come up and leave: told by them with durations, read by the town's owner, counted as metrics."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap, observability
from gastown.api import access, callers
from gastown.api.callers import success
from gastown.api.schemas.happenings import StepBody, StepsBody
from gastown.domain.agent import Role
from gastown.metrics import TOLD_BY_CONTAINERS, Metric
from gastown.usecases import container_events
from gastown.usecases.container_events import Step

router = Router()
MOST, DEFAULT = 500, 100
KINDS = frozenset({"credentials", "repository", "worktree", "prompt", "session", *map(str, Role)})
"""Phases of a start, and roles, that are told apart in the metric."""


@router.post("/api/towns/<town_id>/container-events")
def record(town_id: str) -> dict[str, Any]:
    """Keep a batch of the container's own events; telling it again changes nothing but the metrics."""
    claims = callers.container(router, town_id)
    said = callers.body(router, StepsBody)
    steps = {each.sequence: Step(event=each.event, at=each.created_at, facts=each.facts()) for each in said.events}
    container_events.record(bootstrap.unit_of_work(), claims, steps)
    for each in said.events:
        _measure(each)
    return success({"recorded": True})


def _measure(step: StepBody) -> None:
    milliseconds = step.durationMs if step.durationMs is not None else step.phaseMs
    if step.event in TOLD_BY_CONTAINERS and milliseconds is not None:
        kinds = (name for name in (step.label, step.role) if name in KINDS)
        observability.measure({Metric(step.event): milliseconds}, kind=next(kinds, "other"))


@router.get("/api/towns/<town_id>/container/events")
def list_events(town_id: str) -> dict[str, Any]:
    """What containers told, newest first, at most `limit`."""
    access.owner(router, town_id)
    text = (router.current_event.query_string_parameters or {}).get("limit", "")
    limit = min(int(text), MOST) if text.isdecimal() and int(text) else DEFAULT
    return success(container_events.list_steps(bootstrap.unit_of_work(), town_id, limit=limit))
