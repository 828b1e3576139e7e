"""T/mayor: people speak to their town's mayor, and see where it stands."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap, observability
from gastown.api import access
from gastown.api.callers import body, idempotency_key, success
from gastown.api.event_views import show_turn
from gastown.api.schemas.talk import ContextBody, MayorMessageBody
from gastown.metrics import Metric
from gastown.usecases import agent_events, mayors

router = Router()
MAYOR = "/api/towns/<town_id>/mayor"


@router.post(f"{MAYOR}/configure")
def configure(town_id: str) -> dict[str, Any]:
    """Nothing to do: the first word appoints the mayor."""
    access.owner(router, town_id)
    return success({"configured": True})


@router.post(f"{MAYOR}/message")
def message(town_id: str) -> dict[str, Any]:
    """Say something to the mayor; a stopped one is started with it."""
    caller = access.owner(router, town_id)
    said = body(router, MayorMessageBody)
    work = bootstrap.unit_of_work()
    return success(
        mayors.message(work, town_id, said.message, caller, context=said.uiContext, key=idempotency_key(router))
    )


@router.get(f"{MAYOR}/status")
def status(town_id: str) -> dict[str, Any]:
    """Where the mayor's session stands."""
    access.owner(router, town_id)
    return success(mayors.status_of(bootstrap.unit_of_work().read(town_id)))


@router.post(f"{MAYOR}/ensure")
def ensure(town_id: str) -> dict[str, Any]:
    """Have the mayor there before something is said."""
    caller = access.owner(router, town_id)
    decision, standing = mayors.ensure(bootstrap.unit_of_work(), town_id, caller)
    observability.count(Metric.MAYOR_DECISION, kind=decision)
    return success(standing)


@router.get(f"{MAYOR}/conversation")
def conversation(town_id: str) -> dict[str, Any]:
    """What people and the mayor said to each other last, oldest first, as its sessions told it."""
    access.owner(router, town_id)
    turns = agent_events.mayor_conversation(bootstrap.unit_of_work(), town_id)
    return success([show_turn(turn) for turn in turns])


@router.post(f"{MAYOR}/destroy")
def destroy(town_id: str) -> dict[str, Any]:
    """End the mayor and its session; the next word appoints a new one."""
    caller = access.owner(router, town_id)
    mayors.dismiss(bootstrap.unit_of_work(), town_id, caller)
    return success({"destroyed": True})


@router.post(f"{MAYOR}/dashboard-context")
def dashboard_context(town_id: str) -> dict[str, Any]:
    """What the person looks at, for words that say nothing of it."""
    caller = access.owner(router, town_id)
    mayors.set_context(bootstrap.unit_of_work(), town_id, body(router, ContextBody).context, caller)
    return success({"stored": True})
