"""What a container calls outside T/container, as the reference does: token refresh and the exit of an agent."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import callers
from gastown.api.callers import success
from gastown.api.schemas.agents import CompletedBody
from gastown.api.schemas.containers import RefreshBody
from gastown.domain.errors import NotFound
from gastown.usecases import containers, credentials, reports
from gastown.usecases.credentials import Renewal
from gastown.usecases.reports import Exit
from gastown.usecases.tokens import RENEWAL_GRACE, mayor_rig

router = Router()


class MissingSigningSecretError(RuntimeError):
    """The stack has no signing secret: a fault of ours, and no reason to ask again (REQ-4.9)."""


@router.post("/api/towns/<town_id>/refresh-container-token")
def refresh_container_token(town_id: str) -> dict[str, Any]:
    """A fresh token for the current generation, also for one that expired less than a day ago."""
    claims = callers.container(router, town_id, grace=RENEWAL_GRACE)
    token = containers.renew_token(bootstrap.unit_of_work(), bootstrap.signing_secrets().live(), claims)
    return success({"token": token})


@router.get("/api/towns/<town_id>/container-registry")
def container_registry(town_id: str) -> dict[str, Any]:
    """What a container that has just registered is to start, in one read."""
    claims = callers.container(router, town_id)
    return success(containers.registry(bootstrap.unit_of_work(), claims))


@router.post("/api/towns/<town_id>/rigs/<rig_id>/refresh-git-token")
def refresh_git_token(town_id: str, rig_id: str) -> dict[str, Any]:
    """A token for the rig's own repository after one did not work; the body may name that one by its SHA-256."""
    try:
        bootstrap.secrets().get(bootstrap.settings().demand("signing_secret_arn"))
    except NotFound as missing:
        raise MissingSigningSecretError from missing
    claims = callers.container(router, town_id)
    said = RefreshBody.model_validate(callers.raw_body(router) or {})
    renewal = Renewal(rig_id=rig_id, failed=said.failed)
    return success(credentials.renew(bootstrap.unit_of_work(), bootstrap.vault(), claims, renewal))


@router.post("/api/towns/<town_id>/rigs/<rig_id>/agents/<agent_id>/completed")
def completed(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """An agent's process has ended."""
    claims = callers.container(router, town_id)
    said = callers.body(router, CompletedBody)
    ended = Exit(
        agent_id=agent_id,
        dispatch=said.dispatch,
        status=said.status,
        reason=said.reason,
        saved_sha=said.saved_sha,
        is_mayor=rig_id == mayor_rig(town_id),
    )
    reports.report_completed(bootstrap.unit_of_work(), claims, ended)
    return success({"completed": True})
