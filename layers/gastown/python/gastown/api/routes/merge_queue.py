"""T/merge-queue: what is on its way into the branches, what failed, and what happened."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access
from gastown.api.callers import success, whole_number
from gastown.api.queue_views import show_queue
from gastown.domain.errors import Invalid
from gastown.usecases.merge_queue import QueueFilter, read_queue

router = Router()
DEFAULT, MOST = 50, 500


@router.get("/api/towns/<town_id>/merge-queue")
def get(town_id: str) -> dict[str, Any]:
    """The merge queue of the town, or of one rig with `rigId`."""
    access.owner(router, town_id)
    query = router.current_event.query_string_parameters or {}
    limit = whole_number(query.get("limit"), DEFAULT, "limit", least=1, most=MOST)
    chosen = QueueFilter(rig_id=query.get("rigId"), limit=limit, since=_moment(query.get("since")))
    return success(show_queue(read_queue(bootstrap.unit_of_work(), town_id, chosen)))


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("since is a moment in ISO 8601", field="since") from None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
