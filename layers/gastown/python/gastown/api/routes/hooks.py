"""R/agents/:agentId/hook: an idle agent takes a bead, or lets go of what it is on."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import callers
from gastown.api.callers import success
from gastown.api.schemas.agents import HookBody
from gastown.usecases import agents

router = Router()
HOOK = "/api/towns/<town_id>/rigs/<rig_id>/agents/<agent_id>/hook"


@router.post(HOOK)
def hook(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """Put the agent on a ready bead of its rig."""
    claims = callers.agent(router, town_id, rig_id, agent_id)
    said, key = callers.body(router, HookBody), callers.idempotency_key(router)
    return success(agents.hook_bead(bootstrap.unit_of_work(), claims, said.bead_id, key))


@router.delete(HOOK)
def unhook(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """Take the agent off its bead, which goes back to its queue."""
    claims = callers.agent(router, town_id, rig_id, agent_id)
    return success(agents.unhook_bead(bootstrap.unit_of_work(), claims, callers.idempotency_key(router)))
