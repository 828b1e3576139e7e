"""What a container calls outside T/container, as the reference does: token refresh and the exit of an agent."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import callers
from gastown.api.callers import success
from gastown.api.schemas.agents import CompletedBody
from gastown.usecases import containers, reports
from gastown.usecases.reports import Exit
from gastown.usecases.tokens import RENEWAL_GRACE, mayor_rig

router = Router()


@router.post("/api/towns/<town_id>/refresh-container-token")
def refresh_container_token(town_id: str) -> dict[str, Any]:
    """A fresh token for the current generation, also for one that expired less than a day ago."""
    claims = callers.container(router, town_id, grace=RENEWAL_GRACE)
    token = containers.renew_token(bootstrap.unit_of_work(), callers.signing_secrets(), claims)
    return success({"token": token})


@router.post("/api/towns/<town_id>/rigs/<rig_id>/agents/<agent_id>/completed")
def completed(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """An agent's process has ended."""
    claims = callers.container(router, town_id)
    said = callers.body(router, CompletedBody)
    ended = Exit(
        agent_id=agent_id,
        dispatch=said.dispatch,
        status=said.status,
        reason=said.reason,
        is_mayor=rig_id == mayor_rig(town_id),
    )
    reports.report_completed(bootstrap.unit_of_work(), claims, ended)
    return success({"completed": True})
