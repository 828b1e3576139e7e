"""R/babysit-pr: people hand a pull request of their own to the town, and look at it before."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access, callers
from gastown.api.callers import body, idempotency_key, success
from gastown.api.schemas.work import AdoptBody
from gastown.domain.errors import Invalid
from gastown.domain.review import Review
from gastown.usecases.adopting import AdoptOrder, Providers, adopt, preview

router = Router()
ADOPT = "/api/towns/<town_id>/rigs/<rig_id>/babysit-pr"


def providers() -> Providers:
    """Whom to ask about a request."""
    return Providers(uow=bootstrap.unit_of_work(), hosts=bootstrap.git_hosts(), vault=callers.vault())


def show_adopted(review: Review, warning: str | None) -> dict[str, Any]:
    """The review's id, and what the caller should know."""
    return {"beadId": review.id} | ({"warning": warning} if warning else {})


def order_of(said: AdoptBody, town_id: str, rig_id: str) -> AdoptOrder:
    """A body as an order."""
    return AdoptOrder(
        town_id=town_id,
        rig_id=rig_id,
        pr_url=said.pr_url,
        title=said.title,
        body=said.body,
        force_push_allowed=said.force_push_allowed,
    )


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
