"""Rigs of a person's towns, and a rig's own settings."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access, founding
from gastown.api.callers import body, success
from gastown.api.schemas.people import RigBody, RigConfigBody
from gastown.api.views import show_rig
from gastown.domain.errors import NotFound
from gastown.domain.organization import Right
from gastown.ports.directory import RigRow
from gastown.usecases import rigs

router = Router()
RIGS = "/api/users/<user_id>/rigs"


@router.post(RIGS)
def create(user_id: str) -> tuple[dict[str, Any], int]:
    """Add a rig to one of the caller's towns."""
    owner = access.myself(router, user_id)
    return founding.add_rig(router, body(router, RigBody), owner)


@router.get(f"{RIGS}/<rig_id>")
def get(user_id: str, rig_id: str) -> dict[str, Any]:
    """One rig of the caller's."""
    row = _mine(access.myself(router, user_id), rig_id)
    return success(show_rig(row.town_id, row))


@router.delete(f"{RIGS}/<rig_id>")
def delete(user_id: str, rig_id: str) -> dict[str, Any]:
    """Have a rig removed by a job, with everything in it; the answer says how much live work it takes along."""
    owner = access.myself(router, user_id)
    return founding.remove_rig(_mine(owner, rig_id), owner)


def _mine(owner: str, rig_id: str) -> RigRow:
    row = bootstrap.directory().get_rig(rig_id)
    if row is None or row.owner_user_id != owner:
        raise NotFound(f"Rig {rig_id} not found")
    return row


@router.get("/api/users/<user_id>/towns/<town_id>/rigs")
def list_all(user_id: str, town_id: str) -> dict[str, Any]:
    """The rigs of one town."""
    owner = access.myself(router, user_id)
    access.check_owner(town_id, owner)
    town = bootstrap.unit_of_work().read(town_id)
    return success([show_rig(town_id, rig) for rig in town.rigs.values()])


@router.patch("/api/towns/<town_id>/rigs/<rig_id>")
def configure(town_id: str, rig_id: str) -> dict[str, Any]:
    """Replace the overrides that the body names."""
    owner = access.owner(router, town_id, Right.SETTINGS)
    said = body(router, RigConfigBody).model_dump(exclude_unset=True)
    rig = rigs.change_rig(bootstrap.unit_of_work(), town_id, rig_id, said, owner)
    return success(show_rig(town_id, rig))
