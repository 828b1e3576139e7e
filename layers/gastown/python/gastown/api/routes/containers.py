"""T/container: a container registers, beats, takes commands, reports how they ended and asks for credentials."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import callers
from gastown.api.callers import success
from gastown.api.schemas.containers import (
    AckBody,
    CredentialsBody,
    HeartbeatBody,
    MergeReportBody,
    RegistrationBody,
    SavedWorkBody,
    SetupReportBody,
)
from gastown.usecases import containers, credentials, saved_work
from gastown.usecases.containers import Ack, Registration, Sighting

router = Router()
CONTAINER = "/api/towns/<town_id>/container"
COMMAND = f"{CONTAINER}/commands/<command_id>"


@router.post(f"{CONTAINER}/register")
def register(town_id: str) -> dict[str, Any]:
    """Exchange the boot code for the container's token; the one request without a token."""
    said = callers.body(router, RegistrationBody)
    asked = Registration(town_id=town_id, generation=said.generation, code=said.code, instance_id=said.instance_id)
    work = bootstrap.unit_of_work()
    token = bootstrap.signing_secrets().prove(lambda live: containers.register_container(work, live, asked))
    return success({"token": token, "live_url": bootstrap.settings().live_url})


@router.post(f"{CONTAINER}/heartbeat")
def heartbeat(town_id: str) -> dict[str, Any]:
    """Say who runs here, hear what to do."""
    claims = callers.container(router, town_id)
    said = callers.body(router, HeartbeatBody)
    seen = [
        Sighting(agent_id=a.agent_id, dispatch=a.dispatch, activity=a.activity or {}, saved_sha=a.saved_sha)
        for a in said.agents
    ]
    return success(containers.beat(bootstrap.unit_of_work(), claims, said.generation, seen))


@router.post(f"{COMMAND}/ack")
def acknowledge(town_id: str, command_id: str) -> dict[str, Any]:
    """A command was taken or refused."""
    claims = callers.container(router, town_id)
    ack = Ack(**callers.body(router, AckBody).model_dump())
    containers.acknowledge(bootstrap.unit_of_work(), claims, command_id, ack)
    return success({"acknowledged": True})


@router.post(f"{COMMAND}/report")
def report(town_id: str, command_id: str) -> dict[str, Any]:
    """What came of a merge, which names its review, or of a setup."""
    claims = callers.container(router, town_id)
    work, said = bootstrap.unit_of_work(), callers.raw_body(router)
    if isinstance(said, dict) and "review_id" in said:
        outcome = MergeReportBody.model_validate(said).model_dump(mode="json")
        containers.report_merge(work, claims, command_id, outcome)
    else:
        outcome = SetupReportBody.model_validate(said).model_dump(mode="json")
        containers.report_setup(work, claims, command_id, outcome)
    return success({"reported": True})


@router.post(f"{CONTAINER}/agents/<agent_id>/credentials")
def agent_credentials(town_id: str, agent_id: str) -> dict[str, Any]:
    """What one run of an agent may use, resolved now."""
    claims = callers.container(router, town_id)
    said = callers.body(router, CredentialsBody)
    return success(credentials.for_agent(bootstrap.unit_of_work(), bootstrap.vault(), claims, agent_id, said.dispatch))


@router.post(f"{CONTAINER}/rigs/<rig_id>/credentials")
def rig_credentials(town_id: str, rig_id: str) -> dict[str, Any]:
    """What the platform's own work in a rig may use, resolved now."""
    claims = callers.container(router, town_id)
    return success(credentials.for_rig(bootstrap.unit_of_work(), bootstrap.vault(), claims, rig_id))


@router.post(f"{CONTAINER}/rigs/<rig_id>/saved-work")
def over(town_id: str, rig_id: str) -> dict[str, Any]:
    """Which of the refs that a rig's remote has hold work that nobody goes on from any more."""
    claims = callers.container(router, town_id)
    said = callers.body(router, SavedWorkBody)
    return success({"over": saved_work.over(bootstrap.unit_of_work(), claims, rig_id, said.refs)})
