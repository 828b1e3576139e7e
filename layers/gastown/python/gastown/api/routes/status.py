"""T/status: how a town stands."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access
from gastown.api.callers import success
from gastown.api.views import show_status

router = Router()


@router.get("/api/towns/<town_id>/status")
def get(town_id: str) -> dict[str, Any]:
    """Agents, beads, container and the next look, in one screen."""
    access.owner(router, town_id)
    return success(show_status(bootstrap.unit_of_work().read(town_id)))
