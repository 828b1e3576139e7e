"""O/towns and O/rigs: what an organisation owns together; what a role may do is looked up at each request."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access, founding
from gastown.api.callers import body, success
from gastown.api.schemas.people import RigBody
from gastown.api.views import show_rig, show_town
from gastown.domain.errors import NotFound
from gastown.domain.organization import Right
from gastown.ports.directory import RigRow, TownRow
from gastown.usecases import towns

router = Router()
O = "/api/orgs/<org_id>"  # noqa: E741 - the reference's own letter (api facts, 3)


@router.post(f"{O}/towns")
def create(org_id: str) -> tuple[dict[str, Any], int]:
    """Make a town of the organisation; answers when it is there, or 503 with `Retry-After`."""
    return founding.make_town(router, access.colleague(router, org_id), org_id)


@router.get(f"{O}/towns")
def list_all(org_id: str) -> dict[str, Any]:
    """The organisation's towns, newest first."""
    access.colleague(router, org_id)
    return success([show_town(row) for row in bootstrap.directory().list_organization_towns(org_id)])


@router.get(f"{O}/towns/<town_id>")
def get(org_id: str, town_id: str) -> dict[str, Any]:
    """One town, also while it is being made."""
    access.colleague(router, org_id)
    return success(show_town(_town(org_id, town_id)))


@router.delete(f"{O}/towns/<town_id>")
def delete(org_id: str, town_id: str) -> dict[str, Any]:
    """Begin to delete a town; only owners do, and whose it is comes first."""
    access.colleague(router, org_id, Right.REMOVAL)
    towns.delete_town(bootstrap.unit_of_work(), bootstrap.life_cycle(), _town(org_id, town_id).town_id)
    return success({"deleted": True})


@router.post(f"{O}/rigs")
def add_rig(org_id: str) -> tuple[dict[str, Any], int]:
    """Add a rig to one of the organisation's towns."""
    caller, said = access.colleague(router, org_id), body(router, RigBody)
    _town(org_id, said.town_id)
    return founding.add_rig(router, said, caller)


@router.get(f"{O}/towns/<town_id>/rigs")
def list_rigs(org_id: str, town_id: str) -> dict[str, Any]:
    """The rigs of one town."""
    access.colleague(router, org_id)
    _town(org_id, town_id)
    town = bootstrap.unit_of_work().read(town_id)
    return success([show_rig(town_id, rig) for rig in town.rigs.values()])


@router.get(f"{O}/rigs/<rig_id>")
def get_rig(org_id: str, rig_id: str) -> dict[str, Any]:
    """One rig of any of its towns."""
    access.colleague(router, org_id)
    row = _rig(org_id, rig_id)
    return success(show_rig(row.town_id, row))


@router.delete(f"{O}/rigs/<rig_id>")
def delete_rig(org_id: str, rig_id: str) -> dict[str, Any]:
    """Have a rig removed by a job; only owners do."""
    caller = access.colleague(router, org_id, Right.REMOVAL)
    return founding.remove_rig(_rig(org_id, rig_id), caller)


def _town(org_id: str, town_id: str) -> TownRow:
    row = bootstrap.directory().get_town(town_id)
    if row is None or row.organization_id != org_id:
        raise NotFound(f"Town {town_id} not found")
    return row


def _rig(org_id: str, rig_id: str) -> RigRow:
    row = bootstrap.directory().get_rig(rig_id)
    if row is None:
        raise NotFound(f"Rig {rig_id} not found")
    _town(org_id, row.town_id)
    return row
