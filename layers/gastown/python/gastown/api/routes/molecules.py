"""R/molecules, and the steps of the agent at work on one."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access, callers
from gastown.api.callers import body, success
from gastown.api.schemas.work import AdvanceBody, MoleculeBody
from gastown.domain.stepping import StepOrder
from gastown.usecases import molecules

router = Router()
RIG = "/api/towns/<town_id>/rigs/<rig_id>"
MINE = f"{RIG}/agents/<agent_id>/molecule"


@router.post(f"{RIG}/molecules")
def create(town_id: str, rig_id: str) -> tuple[dict[str, Any], int]:
    """Give a bead its steps."""
    caller, said = access.member(router, town_id, rig_id), body(router, MoleculeBody)
    steps = [StepOrder(title=step.title, instructions=step.instructions) for step in said.formula.steps]
    made = molecules.create(bootstrap.unit_of_work(), (town_id, rig_id, said.bead_id), steps, caller.name)
    return success(molecules.summary_of(made)), 201


@router.get(f"{MINE}/current")
def current(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """The step that the agent is to do now."""
    return success(molecules.current(bootstrap.unit_of_work(), callers.agent(router, town_id, rig_id, agent_id)))


@router.post(f"{MINE}/advance")
def advance(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """The agent has done its step; the answer is the next one."""
    claims = callers.agent(router, town_id, rig_id, agent_id)
    said, key = body(router, AdvanceBody), callers.idempotency_key(router)
    return success(molecules.advance(bootstrap.unit_of_work(), claims, (said.summary, said.step), key))
