"""T/status: how a town stands."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access
from gastown.api.callers import success
from gastown.api.status_views import show_recent, show_status
from gastown.usecases import history

router = Router()
RECENT = 20
"""Lines of history that are shown (town facts, 2.12)."""


@router.get("/api/towns/<town_id>/status")
def get(town_id: str) -> dict[str, Any]:
    """Agents, beads, trouble, mayor, container, the next look and what happened last, in one screen."""
    access.owner(router, town_id)
    work = bootstrap.unit_of_work()
    town = work.read(town_id)
    recent = show_recent(history.list_events(work, town_id, limit=RECENT))
    return success({**show_status(town, work.moment(town).now), "recentEvents": recent})
