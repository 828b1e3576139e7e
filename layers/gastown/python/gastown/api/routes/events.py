"""History: of a rig's beads for its agents, of a whole town for its owner."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access
from gastown.api.callers import success
from gastown.usecases import history

router = Router()
MOST, DEFAULT = 500, 100


def _limit(text: str | None) -> int:
    """An invalid limit is ignored rather than refused (api facts, 4.5)."""
    return min(int(text), MOST) if text and text.isdecimal() and int(text) else DEFAULT


@router.get("/api/users/<user_id>/towns/<town_id>/events")
def of_town(user_id: str, town_id: str) -> dict[str, Any]:
    """Everything that happened to beads, newest first."""
    owner = access.myself(router, user_id)
    access.check_owner(town_id, owner)
    query = router.current_event.query_string_parameters or {}
    work, since, limit = bootstrap.unit_of_work(), query.get("since"), _limit(query.get("limit"))
    return success(history.list_events(work, town_id, since=since, limit=limit))


@router.get("/api/towns/<town_id>/rigs/<rig_id>/events")
def of_rig(town_id: str, rig_id: str) -> dict[str, Any]:
    """What happened in a rig, newest first; to one bead of it with `bead_id`."""
    access.member(router, town_id, rig_id)
    query = router.current_event.query_string_parameters or {}
    chapter = history.Chapter(bead_id=query.get("bead_id"), since=query.get("since"), limit=_limit(query.get("limit")))
    return success(history.list_rig_events(bootstrap.unit_of_work(), town_id, rig_id, chapter))
