"""T/convoys/:c: who belongs to a convoy, and how it lands."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access
from gastown.api.callers import body, success
from gastown.api.schemas.work import AddBeadBody, ConvoyEditBody, RemoveBeadBody
from gastown.api.views import show_convoy
from gastown.usecases import convoys

router = Router()
CONVOY = "/api/towns/<town_id>/convoys/<convoy_id>"


@router.post(f"{CONVOY}/add-bead")
def add_bead(town_id: str, convoy_id: str) -> dict[str, Any]:
    """Add an open bead that nobody works on yet."""
    owner, said = access.owner(router, town_id), body(router, AddBeadBody)
    work = bootstrap.unit_of_work()
    return success({"total_beads": convoys.add_bead(work, town_id, convoy_id, said.bead_id, said.depends_on, owner)})


@router.post(f"{CONVOY}/remove-bead")
def remove_bead(town_id: str, convoy_id: str) -> dict[str, Any]:
    """Take out an open or failed bead."""
    owner, said = access.owner(router, town_id), body(router, RemoveBeadBody)
    return success(
        {"total_beads": convoys.remove_bead(bootstrap.unit_of_work(), town_id, convoy_id, said.bead_id, owner)}
    )


@router.patch(CONVOY)
def update(town_id: str, convoy_id: str) -> dict[str, Any]:
    """Change merge mode or feature branch before anything was merged."""
    owner, said = access.owner(router, town_id), body(router, ConvoyEditBody)
    town, convoy = convoys.update(
        bootstrap.unit_of_work(), town_id, convoy_id, (said.merge_mode, said.feature_branch), owner
    )
    statuses: dict[str, str] = {bead_id: str(town.status_of(bead_id) or "closed") for bead_id in convoy.beads}
    return success(show_convoy(convoy, statuses))
