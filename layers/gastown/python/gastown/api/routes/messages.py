"""R/nudge, R/mail and what an agent has of both: sent by people and agents, read and ticked off by their agent."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access, callers
from gastown.api.callers import body, idempotency_key, success
from gastown.api.message_views import show_letter, show_nudge
from gastown.api.schemas.talk import MailBody, MailTakenBody, NudgeBody, NudgeTakenBody
from gastown.domain.errors import Forbidden
from gastown.usecases import messages
from gastown.usecases.messages import Letter, NudgeOrder

router = Router()
RIG = "/api/towns/<town_id>/rigs/<rig_id>"
AGENT = f"{RIG}/agents/<agent_id>"


@router.post(f"{RIG}/nudge")
def nudge(town_id: str, rig_id: str) -> dict[str, Any]:
    """Say something short to one agent of the town."""
    caller = access.member(router, town_id, rig_id)
    said = body(router, NudgeBody)
    order = NudgeOrder(
        agent_id=said.target_agent_id,
        message=said.message,
        mode=said.mode,
        priority=said.priority,
        ttl_seconds=said.ttl_seconds,
    )
    kept = messages.nudge(bootstrap.unit_of_work(), town_id, order, caller.name, idempotency_key(router))
    return success({"nudge_id": kept})


@router.post(f"{RIG}/mail")
def mail(town_id: str, rig_id: str) -> tuple[dict[str, Any], int]:
    """Write a letter to an agent of the rig, or to the mayor."""
    caller = access.member(router, town_id, rig_id)
    said = body(router, MailBody)
    if caller.agent is not None and said.from_agent_id not in (None, caller.agent.agent_id):
        raise Forbidden("The letter names another sender")
    letter = Letter(recipient=said.to_agent_id, subject=said.subject, body=said.body, rig_id=rig_id)
    kept = messages.mail(bootstrap.unit_of_work(), town_id, letter, caller.name, idempotency_key(router))
    return success({"sent": True, "mail_id": kept}), 201


@router.get(f"{AGENT}/pending-nudges")
def pending_nudges(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """What waits to be said to an agent, urgent first, for itself and its owner; reading marks nothing."""
    work = bootstrap.unit_of_work()
    if access.member(router, town_id, rig_id).agent is None:
        waiting = messages.waiting_for(work, town_id, rig_id, agent_id)
    else:
        waiting = messages.own_nudges(work, callers.agent(router, town_id, rig_id, agent_id))
    return success([show_nudge(words) for words in waiting])


@router.post(f"{AGENT}/nudge-delivered")
def nudge_delivered(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """The calling agent has read one of its nudges; saying so twice is fine."""
    claims = callers.agent(router, town_id, rig_id, agent_id)
    messages.take_note(bootstrap.unit_of_work(), claims, [body(router, NudgeTakenBody).nudge_id])
    return success({"marked": True})


@router.get(f"{AGENT}/mail")
def check_mail(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """The calling agent's open mail, oldest first; reading marks nothing."""
    claims = callers.agent(router, town_id, rig_id, agent_id)
    return success([show_letter(one) for one in messages.own_mail(bootstrap.unit_of_work(), claims)])


@router.post(f"{AGENT}/mail/read")
def mail_read(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """The calling agent has read these letters; saying so twice is fine."""
    claims = callers.agent(router, town_id, rig_id, agent_id)
    read = messages.take_note(bootstrap.unit_of_work(), claims, body(router, MailTakenBody).mail_ids)
    return success({"read": read})
