"""R/agents: what people do about agents."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access
from gastown.api.agent_views import show_agent
from gastown.api.callers import body, success
from gastown.api.schemas.work import AgentBody, RoleBody
from gastown.usecases import staff

router = Router()
ALL = "/api/towns/<town_id>/rigs/<rig_id>/agents"
ONE = f"{ALL}/<agent_id>"


def _desk(town_id: str, rig_id: str) -> staff.Desk:
    return staff.Desk(town_id=town_id, rig_id=rig_id, by=access.owner(router, town_id))


@router.post(ALL)
def register(town_id: str, rig_id: str) -> tuple[dict[str, Any], int]:
    """Add an idle agent."""
    desk, said = _desk(town_id, rig_id), body(router, AgentBody)
    return success(
        show_agent(*staff.register(bootstrap.unit_of_work(), desk, said.role, said.name, said.identity))
    ), 201


@router.post(f"{ALL}/get-or-create")
def get_or_create(town_id: str, rig_id: str) -> dict[str, Any]:
    """The rig's refinery, an idle polecat, or a new agent."""
    desk, role = _desk(town_id, rig_id), body(router, RoleBody).role
    return success(show_agent(*staff.get_or_create(bootstrap.unit_of_work(), desk, role)))


@router.post(f"{ONE}/reset")
def reset(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """Cancel what the agent does and start that over."""
    town, agent = staff.reset(bootstrap.unit_of_work(), _desk(town_id, rig_id), agent_id)
    return success({"reset": True, "agent": show_agent(town, agent)})


@router.post(f"{ONE}/reset-attempts")
def reset_attempts(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """Set the counters of what the agent is on to 0; it goes on."""
    return success(show_agent(*staff.reset_starts(bootstrap.unit_of_work(), _desk(town_id, rig_id), agent_id)))


@router.delete(ONE)
def delete(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """Remove the agent; its work goes back to the queue."""
    staff.delete(bootstrap.unit_of_work(), _desk(town_id, rig_id), agent_id)
    return success({"deleted": True})
