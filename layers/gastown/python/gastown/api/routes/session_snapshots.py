"""T/container/agents/:id/session-snapshot: addresses at which a container finds and leaves what sessions remember."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import callers
from gastown.api.callers import success
from gastown.api.schemas.containers import SnapshotBody
from gastown.domain.errors import Invalid
from gastown.domain.runtime import SERVED
from gastown.usecases import session_snapshots

router = Router()
SNAPSHOT = "/api/towns/<town_id>/container/agents/<agent_id>/session-snapshot"


@router.get(SNAPSHOT)
def find(town_id: str, agent_id: str) -> dict[str, Any]:
    """Where the newest copy for the agent program `program` can be fetched; without one, `url` is null."""
    claims = callers.container(router, town_id)
    program = (router.current_event.query_string_parameters or {}).get("program", "")
    if program not in SERVED:
        raise Invalid(f"is none of {', '.join(SERVED)}", field="program")
    url = session_snapshots.address_to_read(
        bootstrap.unit_of_work(), bootstrap.session_snapshots(), claims, agent_id, program
    )
    return success({"url": url})


@router.post(SNAPSHOT)
def leave(town_id: str, agent_id: str) -> dict[str, Any]:
    """Where a copy of exactly `bytes` bytes can be put; nothing is kept until it is there."""
    claims = callers.container(router, town_id)
    said = callers.body(router, SnapshotBody)
    url = session_snapshots.address_to_write(
        bootstrap.unit_of_work(), bootstrap.session_snapshots(), claims, agent_id, said.program, size=said.bytes
    )
    return success({"url": url})
