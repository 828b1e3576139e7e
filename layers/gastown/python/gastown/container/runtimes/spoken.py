"""What a command-line agent says: its output, line by line, as what the town is told.

Programs that print JSON are read so that a conversation holds their words and nothing else; what they print beside it,
and lines that nothing is known of, are signs of life.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

OUTPUT, TOOL, LOG = "output", "tool", "log"
"""Kinds of events: the agent's words; a tool that it began to use; what its program says of itself."""
PIECE = "piece"
"""A part of the agent's words; pieces in a row are one text."""
LINE_BYTES = 16_384
"""What a text has beyond this is left out of its event; the log has it."""
JSON_BYTES = 4_000_000
"""The longest line of JSON that is read: it may hold a whole file."""


@dataclass(frozen=True)
class Said:
    """One thing that was said, and its kind."""

    kind: str
    text: str


class Reader(Protocol):
    """Reads one session's output."""

    line_bytes: int

    def read(self, line: str) -> Iterator[Said]:
        """What a line says; it may be nothing, or nothing yet."""

    def end(self) -> Iterator[Said]:
        """What was not said yet."""


class Printed:
    """Reads a program of which nothing is known: each line is its words."""

    line_bytes = LINE_BYTES

    def read(self, line: str) -> Iterator[Said]:
        """The line."""
        yield Said(OUTPUT, line)

    def end(self) -> Iterator[Said]:
        """Nothing is kept back."""
        yield from ()


class JsonLines:
    """Reads a program that prints one JSON object a line; `understand` knows its objects."""

    line_bytes = JSON_BYTES

    def __init__(self, understand: Callable[[Mapping[str, Any]], Iterator[Said]]) -> None:
        """Begin without a piece."""
        self._understand = understand
        self._pieces = ""

    def read(self, line: str) -> Iterator[Said]:
        """What the object says; a line that is none is the program's own."""
        for said in self._what(line):
            if said.kind == PIECE:
                self._pieces = (self._pieces + said.text)[:LINE_BYTES]
            else:
                yield from self.end()
                yield Said(said.kind, said.text[:LINE_BYTES])

    def end(self) -> Iterator[Said]:
        """The pieces at hand as one text."""
        pieces, self._pieces = self._pieces, ""
        if pieces.strip():
            yield Said(OUTPUT, pieces)

    def _what(self, line: str) -> Iterator[Said]:
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if isinstance(event, dict):
            yield from self._understand(event)
        elif not line.startswith("{"):
            yield Said(LOG, line)


def of_claude(event: Mapping[str, Any]) -> Iterator[Said]:
    """`claude -p --output-format stream-json`; what its sub-agents say is left out."""
    match event:
        case {"type": "assistant", "parent_tool_use_id": None, "message": {"content": [*parts]}}:
            yield from (said for part in parts for said in _part_of_claude(part))
        case {"type": "result", "is_error": True, "result": str(text)}:
            yield Said(LOG, text)
        case {"type": "system", "subtype": "api_retry", "error": str(text)}:
            yield Said(LOG, f"asks the model again: {text}")


def _part_of_claude(part: object) -> Iterator[Said]:
    match part:
        case {"type": "text", "text": str(text)}:
            yield Said(OUTPUT, text)
        case {"type": "tool_use", "name": str(name)}:
            yield Said(TOOL, name)


def of_codex(event: Mapping[str, Any]) -> Iterator[Said]:
    """`codex exec --json`."""
    match event:
        case {"type": "item.completed", "item": {"type": "agent_message", "text": str(text)}}:
            yield Said(OUTPUT, text)
        case {"type": "item.completed", "item": {"type": "error", "message": str(text)}}:
            yield Said(LOG, text)
        case {"type": "item.started", "item": {"type": "mcp_tool_call", "tool": str(name)}}:
            yield Said(TOOL, name)
        case {"type": "item.started", "item": {"type": str(name)}}:
            yield Said(TOOL, name)
        case {"type": "error", "message": str(text)} | {"type": "turn.failed", "error": {"message": str(text)}}:
            yield Said(LOG, text)


def of_gemini(event: Mapping[str, Any]) -> Iterator[Said]:
    """`gemini -o stream-json`."""
    match event:
        case {"type": "message", "role": "assistant", "content": str(text), "delta": True}:
            yield Said(PIECE, text)
        case {"type": "message", "role": "assistant", "content": str(text)}:
            yield Said(OUTPUT, text)
        case {"type": "tool_use", "tool_name": str(name)}:
            yield Said(TOOL, name)
        case {"type": "error", "message": str(text)} | {"type": "result", "error": {"message": str(text)}}:
            yield Said(LOG, text)


def of_opencode(event: Mapping[str, Any]) -> Iterator[Said]:
    """`opencode run --format json`."""
    match event:
        case {"type": "text", "part": {"text": str(text)}}:
            yield Said(OUTPUT, text)
        case {"type": "tool_use", "part": {"tool": str(name)}}:
            yield Said(TOOL, name)
        case {"type": "error", "error": {"data": {"message": str(text)}}} | {
            "type": "error",
            "error": {"name": str(text)},
        }:
            yield Said(LOG, text)
