"""What sessions and containers did, as JSON (container facts, 5.5)."""

import json
from typing import Any, Final

from gastown.api.views import stamp
from gastown.domain.conversation import AgentEvent, Turn
from gastown.usecases.agent_events import News

FRAME_BYTES: Final = 32_768
"""The longest text that one frame of a WebSocket API carries (container facts, section 9)."""


def show_event(agent_id: str, event: AgentEvent) -> dict[str, Any]:
    """One event of an agent's session; the next page begins after its `id`."""
    return {
        "id": event.id,
        "agent_id": agent_id,
        "dispatch": event.dispatch,
        "event_type": event.kind,
        "data": event.data,
        "created_at": stamp(event.at),
    }


def show_news(agent_id: str, news: News) -> bytes:
    """What those who watch are told: the new events, or that there is `more` than one frame holds.

    Whoever has not seen everything up to `after`, or is told of `more`, reads on by HTTP.
    """
    told = {"agent_id": agent_id, "after": news.after, "cursor": news.events[-1].id}
    text = _frame({**told, "events": [show_event(agent_id, event) for event in news.events], "more": False})
    return text if len(text) <= FRAME_BYTES else _frame({**told, "events": [], "more": True})


def _frame(said: dict[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def show_turn(turn: Turn) -> dict[str, Any]:
    """One turn of a conversation."""
    return {"role": turn.role, "text": turn.text, "created_at": stamp(turn.at)}
