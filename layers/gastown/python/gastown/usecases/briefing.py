"""What is said to agents: the words of a message command, and what the mayor's container is started with."""

from collections.abc import Callable
from typing import Any

from gastown.domain.command import Command
from gastown.domain.mayor import Mayor
from gastown.domain.nudge import Nudge
from gastown.domain.nudging import carried
from gastown.domain.town import Town
from gastown.usecases.tokens import mayor_rig

TextOf = Callable[[str], str | None]
"""Reads the long text of a bead, nudge or letter."""


def words_of(town: Town, command: Command, text_of: TextOf) -> str:
    """What a command carries, as one text; letters say who wrote them."""
    parts = []
    for message in carried(town, command):
        if isinstance(message, Nudge):
            parts.append((text_of(message.id) if message.is_long else None) or message.message)
        else:
            parts.append(f"Mail from {message.sender}: {message.title}\n\n{text_of(message.id) or ''}")
    return "\n\n".join(parts)


def message_payload(town: Town, command: Command, text_of: TextOf) -> dict[str, Any] | None:
    """The words for a running agent, or none when they have ended meanwhile."""
    words = words_of(town, command, text_of)
    return {"prompt": words, "when": command.payload.get("when", "now")} if words else None


def mayor_payload(town: Town, command: Command, text_of: TextOf) -> dict[str, Any] | None:
    """What the mayor is started with, or none if this is not its present session."""
    mayor = town.mayor
    if mayor is None or mayor.open_session is None or mayor.dispatch != command.dispatch:
        return None
    return {**brief_mayor(town, mayor), "words": words_of(town, command, text_of)}


def brief_mayor(town: Town, mayor: Mayor) -> dict[str, Any]:
    """All that the mayor is started with but what was said to it."""
    return {
        "agent": {"id": mayor.id, "name": mayor.name, "role": "mayor", "identity": mayor.identity},
        "rig_id": mayor_rig(town.id),
        "instructions": town.mayor_instructions(),
        "model": town.mayor_model(),
        "small_model": town.config.small_model,
        "rigs": [
            {"id": rig.id, "name": rig.name, "git_url": rig.git_url, "default_branch": rig.default_branch}
            for rig in town.rigs.values()
            if not rig.is_leaving
        ],
    }
