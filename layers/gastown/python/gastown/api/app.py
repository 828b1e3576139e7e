"""The two HTTP doors as applications: people's, and that of agents and containers. The table of contents of routes."""

from collections.abc import Iterable

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown.api import errors
from gastown.api.request_log import recorded, watch_route
from gastown.api.routes import (
    adoptions,
    agent_events,
    agents,
    bead_changes,
    beads,
    container_callbacks,
    container_events,
    containers,
    convoy_changes,
    convoys,
    escalations,
    events,
    explain,
    health,
    hooks,
    jobs,
    mayor,
    mayor_callbacks,
    mayor_tools,
    merge_queue,
    messages,
    molecules,
    organization_towns,
    organizations,
    rigs,
    session_snapshots,
    settings,
    staff,
    status,
    towns,
    triage,
    webhooks,
)

PEOPLE = (
    health,
    organizations,
    organization_towns,
    towns,
    rigs,
    settings,
    convoys,
    escalations,
    events,
    status,
    beads,
    convoy_changes,
    jobs,
    merge_queue,
    mayor,
    explain,
    triage,
    webhooks,
)
AGENTS = (
    containers,
    container_callbacks,
    container_events,
    agents,
    agent_events,
    session_snapshots,
    hooks,
    beads,
    escalations,
    events,
    rigs,
    bead_changes,
    staff,
    molecules,
    messages,
    explain,
    mayor_callbacks,
    mayor_tools,
    triage,
    adoptions,
)


def build(routers: Iterable[Router]) -> APIGatewayHttpResolver:
    """An application of these routers, with the house's answers to refusals."""
    app = APIGatewayHttpResolver()
    app.use([watch_route])
    for router in routers:
        app.include_router(router)
    errors.install(app)
    return app


people = build(module.router for module in PEOPLE)
agents_and_containers = build(module.router for module in AGENTS)
handle_people = recorded(people)
handle_agents = recorded(agents_and_containers)
