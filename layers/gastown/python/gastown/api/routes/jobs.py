"""T/jobs: long work that a town does slice by slice."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access
from gastown.api.callers import success
from gastown.api.views import show_job
from gastown.usecases import deleting

router = Router()


@router.get("/api/towns/<town_id>/jobs")
def list_all(town_id: str) -> dict[str, Any]:
    """The jobs that are not done yet, oldest first, and how far they are."""
    access.owner(router, town_id)
    return success([show_job(job) for job in deleting.list_jobs(bootstrap.unit_of_work(), town_id)])
