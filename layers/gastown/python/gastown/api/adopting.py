"""What people's and the mayor's routes for adopting a pull request share."""

from typing import Any

from gastown import bootstrap
from gastown.api.schemas.work import AdoptBody
from gastown.domain.review import Review
from gastown.usecases.adopting import AdoptOrder, Providers


def providers() -> Providers:
    """Whom to ask about a request."""
    return Providers(uow=bootstrap.unit_of_work(), hosts=bootstrap.git_hosts(), vault=bootstrap.vault())


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
