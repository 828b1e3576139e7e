"""R/agents: reading agents, and what agents report of their own run."""

from enum import StrEnum
from typing import Any, TypeVar

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access, callers
from gastown.api.agent_views import show_agent, show_prime
from gastown.api.callers import success
from gastown.api.schemas.agents import ChangesBody, CheckpointBody, DoneBody, StatusBody
from gastown.domain.agent import AgentStatus, Role
from gastown.domain.errors import Invalid
from gastown.usecases import agents, reports
from gastown.usecases.prime import gather_prime
from gastown.usecases.reports import DoneReport

N = TypeVar("N", bound=StrEnum)
router = Router()
ALL = "/api/towns/<town_id>/rigs/<rig_id>/agents"
ONE = f"{ALL}/<agent_id>"


@router.get(ALL)
def list_agents(town_id: str, rig_id: str) -> dict[str, Any]:
    """The rig's agents, oldest first, of one role or status if named; for people, agents and container."""
    access.member(router, town_id, rig_id)
    query = router.current_event.query_string_parameters or {}
    role, status = _one_of(Role, query.get("role"), "role"), _one_of(AgentStatus, query.get("status"), "status")
    town, found = agents.list_agents(bootstrap.unit_of_work(), town_id, rig_id)
    chosen = [agent for agent in found if role in (None, agent.role) and status in (None, agent.status)]
    return success([show_agent(town, agent) for agent in chosen])


def _one_of(names: type[N], text: str | None, field: str) -> N | None:
    if text is not None and text not in {str(name) for name in names}:
        raise Invalid(f"No {field} is called {text}", field=field)
    return None if text is None else names(text)


@router.get(ONE)
def get_agent(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """One agent of the rig."""
    access.member(router, town_id, rig_id)
    return success(show_agent(*agents.get_agent(bootstrap.unit_of_work(), town_id, rig_id, agent_id)))


@router.get(f"{ONE}/prime")
def prime(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """Everything that the agent has to know before its first word."""
    claims = callers.agent(router, town_id, rig_id, agent_id)
    return success(show_prime(gather_prime(bootstrap.unit_of_work(), claims)))


@router.post(f"{ONE}/done")
def done(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """The agent has pushed its work, or approves what it reviewed; saying so twice is fine."""
    claims = callers.agent(router, town_id, rig_id, agent_id)
    said = callers.body(router, DoneBody)
    reports.report_done(bootstrap.unit_of_work(), claims, DoneReport(**said.model_dump()))
    return success({"done": True})


@router.post(f"{ONE}/request-changes")
def request_changes(town_id: str, rig_id: str, agent_id: str) -> tuple[dict[str, Any], int]:
    """A refinery wants changes: the id of the bead that asks for them."""
    claims = callers.agent(router, town_id, rig_id, agent_id)
    said, key = callers.body(router, ChangesBody), callers.idempotency_key(router)
    answer = reports.change_requested(bootstrap.unit_of_work(), claims, said.feedback, said.files, key)
    return success(answer), 201


@router.post(f"{ONE}/checkpoint")
def checkpoint(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """Keep what the agent wants to find again."""
    claims = callers.agent(router, town_id, rig_id, agent_id)
    said, key = callers.body(router, CheckpointBody), callers.idempotency_key(router)
    return success(reports.write_checkpoint(bootstrap.unit_of_work(), claims, said.data, key))


@router.post(f"{ONE}/status")
def status(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """Set the line that says what the agent is doing."""
    claims = callers.agent(router, town_id, rig_id, agent_id)
    said, key = callers.body(router, StatusBody), callers.idempotency_key(router)
    return success(reports.set_status_message(bootstrap.unit_of_work(), claims, said.message, key))


@router.post(f"{ONE}/heartbeat")
def heartbeat(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """The agent is alive; any body, or none, will do."""
    claims = callers.agent(router, town_id, rig_id, agent_id)
    said = callers.raw_body(router)
    return success(reports.beat(bootstrap.unit_of_work(), claims, activity_of(said if isinstance(said, dict) else {})))


def activity_of(said: dict[str, Any]) -> dict[str, Any]:
    """What a heartbeat's body says of the agent's activity, under our names."""
    tools = said.get("activeTools")
    known = {"last_event_type": said.get("lastEventType"), "last_event_at": said.get("lastEventAt")}
    activity = {name: value[:200] for name, value in known.items() if isinstance(value, str)}
    return (
        {**activity, "active_tools": [str(tool)[:100] for tool in tools[:20]]} if isinstance(tools, list) else activity
    )
