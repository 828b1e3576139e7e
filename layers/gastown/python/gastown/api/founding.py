"""What a person's and an organisation's routes share: making a town, adding a rig, having one removed."""

import time
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import BaseRouter

from gastown import bootstrap
from gastown.api import access
from gastown.api.callers import body, idempotency_key, success
from gastown.api.schemas.people import RigBody, TownBody
from gastown.api.views import show_rig, show_town
from gastown.domain.organization import Right
from gastown.ports.directory import RigRow
from gastown.usecases import rigs, towns


def make_town(router: BaseRouter, maker: str, organization_id: str | None = None) -> tuple[dict[str, Any], int]:
    """Make a town of a person, or one that a person makes for an organisation."""
    row = towns.create_town(
        bootstrap.unit_of_work(),
        bootstrap.life_cycle(),
        name=body(router, TownBody).name,
        owner=maker,
        table_prefix=bootstrap.settings().table_prefix,
        sleep=time.sleep,
        organization_id=organization_id,
    )
    return success(show_town(row)), 201


def add_rig(router: BaseRouter, said: RigBody, by: str) -> tuple[dict[str, Any], int]:
    """Add a rig to a town in which this person may work."""
    access.check_owner(said.town_id, by)
    order = rigs.RigOrder(
        town_id=said.town_id,
        name=said.name,
        git_url=said.git_url,
        default_branch=said.default_branch,
        owner=by,
        allow_local=bootstrap.settings().stage == "local",
        gates=tuple(said.gates) if said.gates is not None else None,
        platform_integration_id=said.platform_integration_id,
    )
    rig = rigs.add_rig(bootstrap.unit_of_work(), order, key=idempotency_key(router))
    return success(show_rig(said.town_id, rig)), 201


def remove_rig(row: RigRow, by: str) -> dict[str, Any]:
    """Have a rig removed by a job, with everything in it; the answer says how much live work it takes along."""
    access.check_owner(row.town_id, by, Right.REMOVAL)
    job_id, live = rigs.remove_rig(bootstrap.unit_of_work(), row.town_id, row.rig_id, by)
    return success({"deleted": True, "job_id": job_id, "live_beads": live})
