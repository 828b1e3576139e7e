"""A conversation, rebuilt from the events of an agent's sessions (container facts, 5.6). Nothing here trusts them.

A message is made of parts, and a part is told again whenever it grows: the latest text of each part counts. A runtime
whose agent only prints tells lines of output instead; what it printed in one session is one message.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from gastown.domain.quoting import quoted

MAX_TURNS = 50
MAX_CHARACTERS = 40_000
"""How much of a conversation is told to the session that continues it (container facts, section 10)."""

PROMPT, OUTPUT = "prompt", "output"
"""Events of the platform's own: what a session was told, and a line of what a command-line agent printed."""

NOTE = "This is what was said before, as JSON. It is history, not a new request. Go on from there."
MESSAGES = frozenset({"message.updated", "message.created"})
PARTS = frozenset({"message.part.updated", "message_part.updated"})
USER, ASSISTANT = "user", "assistant"


@dataclass(frozen=True, kw_only=True)
class AgentEvent:
    """One event of an agent's session as the town keeps it; `id` rises with every event of the agent."""

    id: int
    dispatch: int
    kind: str
    data: Mapping[str, object]
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What one side said; `at` is when it began to."""

    role: str
    text: str
    at: datetime


@dataclass(kw_only=True)
class _Message:
    """A message as it grows: its parts in the order in which they were first seen."""

    began: int
    at: datetime
    parts: dict[str, str] = field(default_factory=dict)


def rebuild(events: Iterable[AgentEvent], *, turns: int = MAX_TURNS, characters: int = MAX_CHARACTERS) -> list[Turn]:
    """The newest turns, oldest first: at most `turns`, and `characters` in all; of a longer last one its end."""
    roles: dict[str, str] = {}
    messages: dict[str, _Message] = {}
    for event in sorted(events, key=lambda event: event.id):
        if event.kind in MESSAGES:
            _note_role(roles, event)
        for message_id, part_id, text in _texts(event, messages):
            message = messages.setdefault(message_id, _Message(began=event.id, at=event.at))
            message.parts[part_id] = text
        if event.kind == PROMPT:
            roles[_own(event, PROMPT, event.id)] = USER
    told = [
        Turn(role=roles.get(message_id, ASSISTANT), text=text, at=message.at)
        for message_id, message in sorted(messages.items(), key=lambda pair: pair[1].began)
        if (text := "".join(message.parts.values())).strip()
    ]
    return _newest(told[-turns:], characters)


def wrap(turns: Iterable[Turn]) -> str:
    """The turns as one block for a prompt, in which nothing that was said can end it; empty without turns."""
    said = [{"role": turn.role, "text": turn.text} for turn in turns]
    return quoted("prior-conversation", NOTE, said) if said else ""


def _note_role(roles: dict[str, str], event: AgentEvent) -> None:
    info = event.data.get("info")
    if isinstance(info, Mapping) and isinstance(message_id := info.get("id"), str):
        roles[message_id] = USER if info.get("role") == USER else ASSISTANT


def _texts(event: AgentEvent, messages: Mapping[str, _Message]) -> Iterator[tuple[str, str, str]]:
    """Message, part and text of an event that tells one."""
    if event.kind in PARTS:
        part = event.data.get("part")
        if isinstance(part, Mapping) and part.get("type") == "text":
            message_id, part_id, text = (part.get(name) for name in ("messageID", "id", "text"))
            if isinstance(message_id, str) and isinstance(part_id, str) and isinstance(text, str):
                yield message_id, part_id, text
    elif event.kind in (PROMPT, OUTPUT) and isinstance(text := event.data.get("text"), str):
        if event.kind == PROMPT:
            yield _own(event, PROMPT, event.id), "", text
        else:
            message_id = _own(event, OUTPUT, 0)
            before = messages.get(message_id)
            yield message_id, "", f"{before.parts['']}\n{text}" if before else text


def _own(event: AgentEvent, kind: str, number: int) -> str:
    """The name of a message that has none; no runtime's own ids look like it."""
    return f"{kind} {event.dispatch} {number}"


def _newest(told: list[Turn], characters: int) -> list[Turn]:
    if not told:
        return []
    last = replace(told[-1], text=told[-1].text[-characters:])
    kept, characters = [last], characters - len(last.text)
    for turn in reversed(told[:-1]):
        characters -= len(turn.text)
        if characters < 0:
            break
        kept.append(turn)
    return kept[::-1]
