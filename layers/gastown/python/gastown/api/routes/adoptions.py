"""R/babysit-pr: people hand a pull request of their own to the town, and look at it before."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown.api import access
from gastown.api.adopting import order_of, providers, show_adopted
from gastown.api.callers import body, idempotency_key, success
from gastown.api.schemas.work import AdoptBody
from gastown.domain.errors import Invalid
from gastown.usecases.adopting import adopt, preview

router = Router()
ADOPT = "/api/towns/<town_id>/rigs/<rig_id>/babysit-pr"


@router.post(ADOPT)
def babysit(town_id: str, rig_id: str) -> tuple[dict[str, Any], int]:
    """Have the town look after an open request of the rig's repository."""
    owner, said = access.owner(router, town_id), body(router, AdoptBody)
    order = order_of(said, town_id, rig_id)
    return success(adopt(providers(), order, owner, idempotency_key(router), show_adopted)), 201


@router.get(f"{ADOPT}/preview")
def look(town_id: str, rig_id: str) -> dict[str, Any]:
    """What that would find; needs `pr_url`."""
    access.owner(router, town_id)
    pr_url = (router.current_event.query_string_parameters or {}).get("pr_url")
    if not pr_url:
        raise Invalid("Name the request's address", field="pr_url")
    return success(preview(providers(), town_id, rig_id, pr_url))
