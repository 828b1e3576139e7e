"""What agents' sessions did: told by their container, read and watched by people, read by container and rig."""

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from gastown import bootstrap
from gastown.api import access, callers
from gastown.api.callers import success, whole_number
from gastown.api.event_views import show_event, show_news
from gastown.api.schemas.happenings import HappeningsBody
from gastown.api.views import stamp
from gastown.domain.conversation import wrap
from gastown.usecases import agent_events, viewers
from gastown.usecases.agent_events import Happening

router = Router()
CONTAINER = "/api/towns/<town_id>/container/agents/<agent_id>"
MOST, DEFAULT = 1000, 500


@router.get("/api/towns/<town_id>/rigs/<rig_id>/agents/<agent_id>/events")
def list_events(town_id: str, rig_id: str, agent_id: str) -> dict[str, Any]:
    """An agent's events after the one named by `after` (or `after_id`), oldest first, at most `limit`."""
    access.member(router, town_id, rig_id)
    query = router.current_event.query_string_parameters or {}
    after = whole_number(query.get("after") or query.get("after_id"), 0, "after", most=10**18 - 1)
    limit = whole_number(query.get("limit"), DEFAULT, "limit", least=1, most=MOST)
    found = agent_events.list_events(bootstrap.unit_of_work(), town_id, rig_id, agent_id, after=after, limit=limit)
    return success([show_event(agent_id, event) for event in found])


@router.post(f"{CONTAINER}/events")
def append(town_id: str, agent_id: str) -> tuple[dict[str, Any], int]:
    """Keep a batch of one run's events; telling it again changes nothing. Those who watch the agent hear it at once."""
    claims = callers.container(router, town_id)
    said = callers.body(router, HappeningsBody)
    batch = [
        Happening(sequence=event.sequence, kind=event.event_type, at=event.created_at, data=event.data)
        for event in said.events
    ]
    work = bootstrap.unit_of_work()
    if news := agent_events.append(work, claims, agent_id, said.dispatch, batch):
        viewers.say(work, bootstrap.push_channel(), town_id, agent_id, show_news(agent_id, news))
    return success({"appended": True}), 201


@router.post(f"{CONTAINER}/stream-ticket")
def stream_ticket(town_id: str, agent_id: str) -> dict[str, Any]:
    """A ticket to watch the agent's session: connect to `<url>?ticket=<ticket>` within a minute, once."""
    user_id = access.owner(router, town_id)
    secrets = bootstrap.signing_secrets().live()
    ticket = viewers.issue_ticket(bootstrap.unit_of_work(), secrets, town_id, agent_id, user_id)
    url = bootstrap.settings().demand("live_url")
    return success({"url": url, "ticket": ticket.token, "expires_at": stamp(ticket.expires_at)})


@router.get(f"{CONTAINER}/conversation")
def conversation(town_id: str, agent_id: str) -> dict[str, Any]:
    """What was said in the agent's sessions so far, as a block for the prompt of the one that goes on."""
    claims = callers.container(router, town_id)
    turns = agent_events.conversation_for(bootstrap.unit_of_work(), claims, agent_id)
    return success({"turns": len(turns), "block": wrap(turns)})
