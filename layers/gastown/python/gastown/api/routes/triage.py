"""T/triage and R/triage: questions about agents in trouble, and their answers."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access
from gastown.api.callers import body, idempotency_key, success
from gastown.api.schemas.work import TriageBody
from gastown.api.views import show_bead
from gastown.domain.errors import Forbidden
from gastown.domain.resolving import Answer
from gastown.domain.triage import TriageRequest
from gastown.usecases import triage

router = Router()


@router.get("/api/towns/<town_id>/triage")
def list_open(town_id: str) -> dict[str, Any]:
    """The open triage requests, oldest first."""
    access.owner(router, town_id)
    return success([show_bead(request) for request in triage.list_requests(bootstrap.unit_of_work(), town_id)])


@router.post("/api/towns/<town_id>/rigs/<rig_id>/triage/resolve")
def resolve(town_id: str, rig_id: str) -> dict[str, Any]:
    """Answer a request: the agent at work on a triage batch, or a person."""
    caller, said, key = access.member(router, town_id, rig_id), body(router, TriageBody), idempotency_key(router)
    answer = Answer(action=said.action, by=caller.name, notes=said.resolution_notes)
    request_id, work = said.triage_request_bead_id, bootstrap.unit_of_work()
    if caller.agent is not None:
        resolved = triage.resolve_as_agent(work, caller.agent, request_id, answer, key=key, stored=_stored)
    elif caller.name == "container":
        raise Forbidden("A container answers no triage requests")
    else:
        resolved = triage.resolve_as_person(work, town_id, request_id, answer, key=key, stored=_stored)
    return success(show_bead(resolved))


def _stored(request: TriageRequest) -> dict[str, Any]:
    return {"status": 200, "data": show_bead(request)}
