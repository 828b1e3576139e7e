"""R/beads: what people change about beads, and how they delete them."""

from typing import Any, cast

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access
from gastown.api.callers import body, idempotency_key, success
from gastown.api.schemas.work import BeadEditBody, BulkDeleteBody, DeleteByStatusBody, ReassignBody
from gastown.api.views import show_bead
from gastown.domain.editing import BeadEdit
from gastown.usecases import beads, deleting

router = Router()
BEADS = "/api/towns/<town_id>/rigs/<rig_id>/beads"
ONE = f"{BEADS}/<bead_id>"


@router.patch(ONE)
def edit(town_id: str, rig_id: str, bead_id: str) -> dict[str, Any]:
    """Change the named fields of a bead that has not ended; status open starts it over."""
    owner = access.owner(router, town_id)
    named = body(router, BeadEditBody).model_dump(exclude_unset=True)
    said = cast("BeadEdit", {name: value for name, value in named.items() if value is not None or name == "body"})
    return success(show_bead(beads.edit(bootstrap.unit_of_work(), (town_id, rig_id, bead_id), said, owner)))


@router.post(f"{ONE}/reset")
def reset(town_id: str, rig_id: str, bead_id: str) -> dict[str, Any]:
    """Start a bead over: run and review are cancelled, counters are 0."""
    owner = access.owner(router, town_id)
    return success(show_bead(beads.reset(bootstrap.unit_of_work(), (town_id, rig_id, bead_id), owner)))


@router.post(f"{ONE}/reassign")
def reassign(town_id: str, rig_id: str, bead_id: str) -> dict[str, Any]:
    """Give a bead to a certain idle polecat."""
    owner = access.owner(router, town_id)
    agent_id = body(router, ReassignBody).agent_id
    return success(show_bead(beads.reassign(bootstrap.unit_of_work(), (town_id, rig_id, bead_id), agent_id, owner)))


@router.post(f"{ONE}/retry")
def retry(town_id: str, rig_id: str, bead_id: str) -> tuple[dict[str, Any], int]:
    """Put a new bead in the place of a failed one."""
    owner, key = access.owner(router, town_id), idempotency_key(router)
    made = beads.retry(bootstrap.unit_of_work(), (town_id, rig_id, bead_id), owner, key, show_bead)
    return success(show_bead(made)), 201


@router.delete(ONE)
def delete(town_id: str, rig_id: str, bead_id: str) -> dict[str, Any]:
    """Delete a bead with its run, review and edges; its history follows by a job."""
    deleting.delete_one(bootstrap.unit_of_work(), _shelf(town_id, rig_id), bead_id)
    return success({"deleted": True})


def _shelf(town_id: str, rig_id: str) -> deleting.Shelf:
    return deleting.Shelf(town_id=town_id, rig_id=rig_id, by=access.owner(router, town_id))


@router.post(f"{BEADS}/bulk-delete")
def bulk_delete(town_id: str, rig_id: str) -> tuple[dict[str, Any], int]:
    """Have many beads of the rig deleted by a job."""
    shelf, key = _shelf(town_id, rig_id), idempotency_key(router)
    ids = body(router, BulkDeleteBody).bead_ids
    return success(deleting.accepted(deleting.delete_many(bootstrap.unit_of_work(), shelf, ids, key))), 202


@router.post(f"{BEADS}/delete-by-status")
def delete_by_status(town_id: str, rig_id: str) -> tuple[dict[str, Any], int]:
    """Have the rig's beads of one status deleted by a job."""
    shelf, key = _shelf(town_id, rig_id), idempotency_key(router)
    said = body(router, DeleteByStatusBody)
    job = deleting.delete_by_status(bootstrap.unit_of_work(), shelf, said.status, said.type, key)
    return success(deleting.accepted(job)), 202
