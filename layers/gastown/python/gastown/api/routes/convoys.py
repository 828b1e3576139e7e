"""T/convoys: beads that land together."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access
from gastown.api.callers import body, idempotency_key, success
from gastown.api.schemas.people import ConvoyBody, SlingConvoyBody
from gastown.api.views import show_bead, show_convoy
from gastown.domain.bead import Bead
from gastown.domain.convoy import Convoy
from gastown.domain.slinging import ConvoyOrder, Task
from gastown.domain.town import Town
from gastown.usecases import convoys, history

router = Router()
CONVOYS = "/api/towns/<town_id>/convoys"


def order_of(said: SlingConvoyBody, by: str) -> ConvoyOrder:
    """What the body asks for."""
    tasks = tuple(Task(title=t.title, body=t.body, depends_on=tuple(t.depends_on)) for t in said.tasks)
    return ConvoyOrder(
        rig_id=said.rig_id,
        title=said.convoy_title,
        tasks=tasks,
        merge_mode=said.merge_mode,
        staged=said.staged,
        by=by,
    )


def show_slung(town: Town, convoy: Convoy) -> dict[str, Any]:
    """A new convoy with its beads."""
    beads = [{"bead": show_bead(town.beads[bead_id]), "agent": None} for bead_id in convoy.beads]
    return {"convoy": show_convoy(convoy, statuses(town, convoy)), "beads": beads}


def statuses(town: Town, convoy: Convoy) -> dict[str, str]:
    """How each bead of a live convoy stands."""
    return {bead_id: str(town.status_of(bead_id) or "closed") for bead_id in convoy.beads}


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


def detail(town_id: str, convoy_id: str) -> dict[str, Any]:
    """A convoy with its beads and the edges between them. Raises `NotFound`."""
    work = bootstrap.unit_of_work()
    town, convoy = history.find_convoy(work, town_id, convoy_id)
    beads = [bead for bead in history.members(work, town, convoy) if isinstance(bead, Bead)]
    edges = [{"bead_id": bead.id, "depends_on_bead_id": on} for bead in beads for on in bead.blockers]
    shown = [
        {
            "bead_id": bead.id,
            "title": bead.title,
            "status": str(bead.status),
            "rig_id": bead.rig_id,
            "outcome": bead.outcome,
            "assignee_agent_name": town.agents[bead.assignee].name if bead.assignee in town.agents else None,
        }
        for bead in beads
    ]
    known: dict[str, str] = {bead.id: str(bead.status) for bead in beads}
    return {**show_convoy(convoy, known), "beads": shown, "dependency_edges": edges}


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
