"""Escalations: what waits for a person, and agents that raise one."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access
from gastown.api.callers import body, idempotency_key, success
from gastown.api.schemas.people import EscalationBody
from gastown.api.views import show_escalation
from gastown.domain.errors import Forbidden
from gastown.usecases import agents, escalations

router = Router()
ESCALATIONS = "/api/towns/<town_id>/escalations"


@router.get(ESCALATIONS)
def list_all(town_id: str) -> dict[str, Any]:
    """Open escalations, newest first; acknowledged ones with `acknowledged=true`."""
    access.owner(router, town_id)
    query = router.current_event.query_string_parameters or {}
    found = escalations.list_escalations(
        bootstrap.unit_of_work(), town_id, acknowledged=query.get("acknowledged") == "true"
    )
    return success([show_escalation(escalation) for escalation in found])


@router.post(f"{ESCALATIONS}/<escalation_id>/acknowledge")
def acknowledge(town_id: str, escalation_id: str) -> dict[str, Any]:
    """End an escalation: a person has seen it."""
    owner = access.owner(router, town_id)
    return success(show_escalation(escalations.acknowledge(bootstrap.unit_of_work(), town_id, escalation_id, owner)))


@router.post("/api/towns/<town_id>/rigs/<rig_id>/escalations")
def escalate(town_id: str, rig_id: str) -> tuple[dict[str, Any], int]:
    """An agent raises one; body and metadata are kept."""
    caller = access.member(router, town_id, rig_id)
    if caller.agent is None:
        raise Forbidden("Only an agent escalates")
    said = body(router, EscalationBody)
    alarm = agents.Alarm(title=said.title, body=said.body, priority=str(said.priority), metadata=said.metadata)
    raised = agents.escalate(
        bootstrap.unit_of_work(),
        caller.agent,
        alarm,
        key=idempotency_key(router),
        stored=lambda escalation: {"status": 201, "data": show_escalation(escalation)},
    )
    return success(show_escalation(raised)), 201
