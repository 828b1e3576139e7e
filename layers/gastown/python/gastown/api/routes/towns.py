"""U/towns: a person's own towns."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access, founding
from gastown.api.callers import success
from gastown.api.views import show_town
from gastown.domain.errors import NotFound
from gastown.domain.organization import Right
from gastown.usecases import towns

router = Router()
TOWNS = "/api/users/<user_id>/towns"


@router.post(TOWNS)
def create(user_id: str) -> tuple[dict[str, Any], int]:
    """Make a town; answers when it is there, or 503 with `Retry-After`."""
    return founding.make_town(router, access.myself(router, user_id))


@router.get(TOWNS)
def list_all(user_id: str) -> dict[str, Any]:
    """The caller's towns, newest first."""
    owner = access.myself(router, user_id)
    return success([show_town(row) for row in bootstrap.directory().list_towns(owner)])


@router.get(f"{TOWNS}/<town_id>")
def get(user_id: str, town_id: str) -> dict[str, Any]:
    """One town, also while it is being made."""
    owner = access.myself(router, user_id)
    row = bootstrap.directory().get_town(town_id)
    if row is None or row.organization_id is not None or row.owner_user_id != owner:
        raise NotFound(f"Town {town_id} not found")
    return success(show_town(row))


@router.delete(f"{TOWNS}/<town_id>")
def delete(user_id: str, town_id: str) -> dict[str, Any]:
    """Begin to delete a town; whose it is comes first."""
    owner = access.myself(router, user_id)
    access.check_owner(town_id, owner, Right.REMOVAL)
    towns.delete_town(bootstrap.unit_of_work(), bootstrap.life_cycle(), town_id)
    return success({"deleted": True})
