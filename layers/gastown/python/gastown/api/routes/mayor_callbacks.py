"""What a container calls for its mayor, and when it is told to leave: context, end of a turn, eviction, drain."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import callers
from gastown.api.callers import success
from gastown.api.schemas.talk import WaitingBody
from gastown.domain.container import ContainerState
from gastown.domain.pull import Provider
from gastown.usecases import containers, mayors
from gastown.usecases.mayors import Prewarm

router = Router()
TOWN = "/api/towns/<town_id>"


@router.get(f"{TOWN}/mayor-id")
def mayor_id(town_id: str) -> dict[str, Any]:
    """Everything that a container needs to warm the mayor up; the fields stand beside `success` (api facts, 1.1)."""
    claims = callers.container(router, town_id)
    return {"success": True, **show_prewarm(mayors.prewarm(bootstrap.unit_of_work(), bootstrap.vault(), claims))}


def show_prewarm(known: Prewarm) -> dict[str, Any]:
    """The reference's fields, and beside them what a real start would say: `start` and `env` (REQ-1.12, 1.13).

    Without a mayor, or without a token for its model, only the id; absent credentials are absent (REQ-7.3, N.3).
    """
    if known.mayor is None:
        return {"agentId": None}
    if known.access is None or known.access.model is None:
        return {"agentId": known.mayor.id}
    found = known.access.found
    github = found.value if found is not None and found.provider is Provider.GITHUB else None
    optional = {"githubToken": github, "githubCliPat": known.access.cli_pat}
    return {
        "agentId": known.mayor.id,
        "model": known.start["model"],
        "smallModel": known.start["small_model"],
        "kilocodeToken": known.access.model["token"],
        "organizationId": known.organization_id,
        "start": known.start,
        "env": known.access.env,
        "access": known.access.model,
        **{name: value for name, value in optional.items() if value},
    }


@router.post(f"{TOWN}/rigs/<rig_id>/agents/<agent_id>/waiting")
def waiting(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:  # noqa: ARG001 - the path names the rig
    """The mayor's turn is over."""
    claims = callers.container(router, town_id)
    said = callers.body(router, WaitingBody)
    fired = datetime.fromtimestamp(said.firedAt / 1000, UTC) if said.firedAt is not None else None
    mayors.report_waiting(bootstrap.unit_of_work(), claims, agent_id, said.dispatch, fired)
    return success({"acknowledged": True})


@router.post(f"{TOWN}/container-eviction")
def container_eviction(town_id: str) -> dict[str, Any]:
    """The container was told to leave; its generation stands where the reference has a nonce."""
    claims = callers.container(router, town_id)
    containers.report_eviction(bootstrap.unit_of_work(), claims)
    return success({"acknowledged": True, "drainNonce": str(claims.generation)})


@router.get(f"{TOWN}/drain-status")
def drain_status(town_id: str) -> dict[str, Any]:
    """Whether the calling container is to finish and leave."""
    claims = callers.container(router, town_id)
    container = bootstrap.unit_of_work().read(town_id).container
    draining = container.state is ContainerState.DRAINING or container.generation != claims.generation
    return success({"draining": draining, "drainNonce": str(container.generation) if draining else None})
