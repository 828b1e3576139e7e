"""T/convoys: beads that land together."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access
from gastown.api.callers import body, idempotency_key, success
from gastown.api.convoy_views import detail, order_of, show_slung, statuses
from gastown.api.schemas.people import ConvoyBody, SlingConvoyBody
from gastown.api.views import show_convoy
from gastown.usecases import convoys

router = Router()
CONVOYS = "/api/towns/<town_id>/convoys"


@router.post(f"{CONVOYS}/sling")
def sling(town_id: str) -> tuple[dict[str, Any], int]:
    """Create a convoy with all its beads."""
    owner = access.owner(router, town_id)
    order = order_of(body(router, SlingConvoyBody), owner)
    slung = convoys.sling(bootstrap.unit_of_work(), town_id, order, idempotency_key(router), show_slung)
    return success(slung), 201


@router.post(CONVOYS)
def create(town_id: str) -> tuple[dict[str, Any], int]:
    """Make a convoy over beads that are there."""
    owner = access.owner(router, town_id)
    said = body(router, ConvoyBody)
    ids = [bead.bead_id for bead in said.beads]
    made = convoys.over(bootstrap.unit_of_work(), town_id, (said.title, ids), owner, show_slung)
    return success(made["convoy"]), 201


@router.get(CONVOYS)
def list_all(town_id: str) -> dict[str, Any]:
    """The convoys that are not over, newest first."""
    access.owner(router, town_id)
    town = bootstrap.unit_of_work().read(town_id)
    newest = sorted(town.convoys.values(), key=lambda convoy: convoy.created_at, reverse=True)
    return success([show_convoy(convoy, statuses(town, convoy)) for convoy in newest])


@router.get(f"{CONVOYS}/<convoy_id>")
def get(town_id: str, convoy_id: str) -> dict[str, Any]:
    """One convoy, live or over, with its beads and edges."""
    access.owner(router, town_id)
    return success(detail(town_id, convoy_id))


@router.post(f"{CONVOYS}/<convoy_id>/start")
def start(town_id: str, convoy_id: str) -> dict[str, Any]:
    """Start a staged convoy, or resume a stopped one."""
    owner = access.owner(router, town_id)
    convoys.start(bootstrap.unit_of_work(), town_id, convoy_id, owner)
    return success(detail(town_id, convoy_id))


@router.post(f"{CONVOYS}/<convoy_id>/close")
def close(town_id: str, convoy_id: str) -> dict[str, Any]:
    """Close a convoy and everything in it."""
    owner = access.owner(router, town_id)
    convoys.close(bootstrap.unit_of_work(), town_id, convoy_id, owner)
    return success(detail(town_id, convoy_id))
