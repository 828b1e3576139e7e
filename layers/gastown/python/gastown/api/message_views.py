"""Nudges and mail as JSON (api facts, 6.3; town facts, 1.2)."""

from typing import Any

from gastown.api.views import stamp
from gastown.usecases.messages import OpenMail, Words


def show_nudge(words: Words) -> dict[str, Any]:
    """One nudge that waits; `state` says whether it is on its way."""
    nudge = words.nudge
    return {
        "nudge_id": nudge.id,
        "agent_bead_id": nudge.agent_id,
        "message": words.text,
        "mode": str(nudge.mode),
        "priority": str(nudge.priority),
        "source": nudge.source,
        "state": "sent" if words.under_way else str(nudge.state),
        "tries": nudge.tries,
        "created_at": stamp(nudge.created_at),
        "expires_at": stamp(nudge.expires_at),
        "delivered_at": None,
    }


def show_letter(mail: OpenMail) -> dict[str, Any]:
    """One letter that waits."""
    letter = mail.letter
    return {
        "id": letter.id,
        "from_agent_id": letter.sender,
        "to_agent_id": letter.recipient,
        "subject": letter.title,
        "body": mail.body,
        "delivered": False,
        "created_at": stamp(letter.created_at),
        "delivered_at": None,
    }
