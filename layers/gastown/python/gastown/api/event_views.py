"""What sessions and containers did, as JSON (container facts, 5.5)."""

from typing import Any

from gastown.api.views import stamp
from gastown.domain.conversation import AgentEvent, Turn


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


def show_turn(turn: Turn) -> dict[str, Any]:
    """One turn of a conversation."""
    return {"role": turn.role, "text": turn.text, "created_at": stamp(turn.at)}
