"""R/beads and R/sling: single beads, for their owner and for the agents of the rig."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access
from gastown.api.bead_filters import bead_filter
from gastown.api.callers import body, idempotency_key, success
from gastown.api.schemas.people import BeadBody, BeadStatusBody
from gastown.api.views import show_bead
from gastown.domain.bead import Bead
from gastown.domain.errors import Invalid, NotFound
from gastown.usecases import agents, beads, history

router = Router()
RIG = "/api/towns/<town_id>/rigs/<rig_id>"
BEADS = f"{RIG}/beads"


@router.post(BEADS)
def create(town_id: str, rig_id: str) -> tuple[dict[str, Any], int]:
    """Create a bead; the next tick gives it an agent, unless it is held."""
    owner = access.owner(router, town_id)
    bead = _sling(town_id, rig_id, owner)
    return success(show_bead(bead, None)), 201


@router.post(f"{RIG}/sling")
def sling(town_id: str, rig_id: str) -> tuple[dict[str, Any], int]:
    """Create a bead; no agent is chosen before the next tick."""
    owner = access.owner(router, town_id)
    return success({"bead": show_bead(_sling(town_id, rig_id, owner)), "agent": None}), 201


def _sling(town_id: str, rig_id: str, owner: str) -> Bead:
    said = body(router, BeadBody)
    if said.type != "issue":
        raise Invalid("Only issues are created by hand", field="type")
    order = beads.BeadOrder(town_id=town_id, rig_id=rig_id, by=owner, held=said.waits)
    return beads.sling(bootstrap.unit_of_work(), order, said.model_dump(), idempotency_key(router), show_bead)


@router.get(BEADS)
def list_all(town_id: str, rig_id: str) -> dict[str, Any]:
    """Live beads and the newest finished ones, newest first, of one status, type, agent or parent if named."""
    access.member(router, town_id, rig_id)
    chosen = bead_filter(router.current_event.query_string_parameters, rig_id)
    return success(beads.list_beads(bootstrap.unit_of_work(), town_id, chosen, show_bead))


@router.get(f"{BEADS}/<bead_id>")
def get(town_id: str, rig_id: str, bead_id: str) -> dict[str, Any]:
    """One bead of any type, live or ended; words between others are not an agent's to read."""
    caller = access.member(router, town_id, rig_id)
    entity, text = history.find_bead(bootstrap.unit_of_work(), town_id, bead_id)
    strange = caller.agent is not None and not history.concerns(entity, caller.agent.agent_id)
    if strange or getattr(entity, "rig_id", None) not in (None, rig_id):
        raise NotFound(f"Bead {bead_id} not found")
    return success(show_bead(entity, text))


@router.patch(f"{BEADS}/<bead_id>/status")
def set_status(town_id: str, rig_id: str, bead_id: str) -> dict[str, Any]:
    """A person closes or fails a bead."""
    owner = access.owner(router, town_id)
    status = body(router, BeadStatusBody).status
    bead = beads.end(bootstrap.unit_of_work(), (town_id, rig_id, bead_id), status, owner)
    return success(show_bead(bead))


@router.post(f"{BEADS}/<bead_id>/close")
def close(town_id: str, rig_id: str, bead_id: str) -> dict[str, Any]:
    """Close a bead: the owner any, an agent its own."""
    caller = access.member(router, town_id, rig_id)
    if caller.agent is not None:
        work, key = bootstrap.unit_of_work(), idempotency_key(router)
        closed = agents.close_bead(work, caller.agent, bead_id, key=key, stored=lambda bead: {"data": show_bead(bead)})
        return success(show_bead(closed))
    bead = beads.end(bootstrap.unit_of_work(), (town_id, rig_id, bead_id), None, caller.name)
    return success(show_bead(bead))


@router.post(f"{BEADS}/<bead_id>/start")
def start(town_id: str, rig_id: str, bead_id: str) -> dict[str, Any]:
    """Let a held bead go."""
    owner = access.owner(router, town_id)
    return success(show_bead(beads.start_held(bootstrap.unit_of_work(), (town_id, rig_id, bead_id), owner)))
