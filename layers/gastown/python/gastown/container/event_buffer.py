"""Events of one run, waiting to be told: numbered, without secrets, bounded; the oldest give way and are counted.

A batch that was taken stays as it is until it is settled, so that telling it again tells the same (the town knows an
event by its number). A part of a message that grows takes the place of what waits of it: only its latest text counts.
"""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from gastown.container.masking import mask
from gastown.container.runtimes.runtime import AgentEvent

MOST_EVENTS = 2000
"""Events that wait or are shown at most, the newest (container facts, section 10)."""
MOST_BYTES = 4_000_000
"""Bytes of them, as JSON."""
BATCH_EVENTS = 100
BATCH_BYTES = 200_000
"""What one request carries; the town takes 1 MB."""
EVENT_BYTES = 32_000
"""Bytes of one event; longer texts in it are cut."""
TEXT_CHARACTERS = (16_000, 2_000, 200)
"""To how many characters the texts of an event are cut, until it fits."""
ENTRIES = 200
"""Entries kept of each list and object in an event; what nests deeper than `DEPTH` becomes text."""
DEPTH = 20
DROPPED = "events.dropped"
"""Stands where events gave way; `count` says how many."""
PARTS = frozenset({"message.part.updated", "message_part.updated"})


@dataclass(frozen=True, kw_only=True)
class Numbered:
    """An event with its number within its run, and its size."""

    sequence: int
    event: AgentEvent
    size: int


class Bounded:
    """The newest events up to a number and a size."""

    def __init__(self, *, events: int = MOST_EVENTS, size: int = MOST_BYTES) -> None:
        """Empty."""
        self._most, self._most_bytes = events, size
        self.events: deque[Numbered] = deque()
        self.size = 0

    def add(self, numbered: Numbered) -> list[Numbered]:
        """Put one at the end; what gave way to it."""
        self.events.append(numbered)
        self.size += numbered.size
        gone = []
        while len(self.events) > self._most or (self.size > self._most_bytes and len(self.events) > 1):
            gone.append(self.pop())
        return gone

    def pop(self) -> Numbered:
        """Take the oldest out."""
        oldest = self.events.popleft()
        self.size -= oldest.size
        return oldest

    def replace(self, old: Numbered, new: Numbered) -> None:
        """Put one in the place of another."""
        self.events[self.events.index(old)] = new
        self.size += new.size - old.size


class EventBuffer:
    """All events of one run that are not told yet."""

    def __init__(self, secrets: Sequence[str] = (), **bounds: int) -> None:
        """`secrets` must not be told, also those that are added to it later; `bounds` are those of `Bounded`."""
        self._secrets = secrets
        self._waiting = Bounded(**bounds)
        self._shown = Bounded(**bounds)
        self._parts: dict[str, Numbered] = {}
        self._batch: tuple[Numbered, ...] = ()
        self._dropped: Numbered | None = None
        self._count = 0
        self.total_dropped = 0

    def add(self, event: AgentEvent) -> None:
        """Take an event in, with the next number."""
        self._count += 1
        numbered = fitted(event, self._count, self._secrets)
        self._shown.add(numbered)
        part = part_of(numbered.event)
        if part is not None and (older := self._parts.get(part)) is not None:
            numbered = replace(numbered, sequence=older.sequence)
            self._waiting.replace(older, numbered)
            gone: list[Numbered] = []
        else:
            gone = self._waiting.add(numbered)
        if part is not None:
            self._parts[part] = numbered
        for lost in gone:
            self._forget_part(lost)
            self.total_dropped += 1
            before = int(str(self._dropped.event.data["count"])) if self._dropped else 0
            told = AgentEvent(kind=DROPPED, data={"count": before + 1}, at=lost.event.at)
            self._dropped = Numbered(sequence=lost.sequence, event=told, size=20)

    def take(self) -> Sequence[Numbered]:
        """The batch to tell, oldest first; the same one until it is settled. Empty when nothing waits."""
        if not self._batch:
            batch = [self._dropped] if self._dropped else []
            self._dropped, size = None, 0
            waiting = self._waiting.events
            while waiting and len(batch) < BATCH_EVENTS and (not size or size + waiting[0].size <= BATCH_BYTES):
                batch.append(self._waiting.pop())
                self._forget_part(batch[-1])
                size += batch[-1].size
            self._batch = tuple(batch)
        return self._batch

    def settle(self) -> None:
        """The batch is told."""
        self._batch = ()

    def shown(self, after: int) -> list[Numbered]:
        """The newest events after a number, told or not."""
        return [numbered for numbered in self._shown.events if numbered.sequence > after]

    def _forget_part(self, numbered: Numbered) -> None:
        if (part := part_of(numbered.event)) is not None:
            self._parts.pop(part, None)


def part_of(event: AgentEvent) -> str | None:
    """The part of a message that an event tells anew, if it does."""
    part = event.data.get("part") if event.kind in PARTS else None
    name = part.get("id") if isinstance(part, Mapping) else None
    return name if isinstance(name, str) else None


def fitted(event: AgentEvent, sequence: int, secrets: Sequence[str]) -> Numbered:
    """An event without secrets, cut to its size."""
    data: dict[str, object] = {}
    size = 0
    for most in TEXT_CHARACTERS:
        data = {str(key)[:200]: _told(value, secrets, most, DEPTH) for key, value in event.data.items()}
        size = len(json.dumps(data))
        if size <= EVENT_BYTES:
            break
    else:
        data = {"left_out": size}
    told = AgentEvent(kind=event.kind[:100], data=data, at=event.at)
    return Numbered(sequence=sequence, event=told, size=min(size, EVENT_BYTES) + 100)


def _told(value: object, secrets: Sequence[str], most: int, depth: int) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth and isinstance(value, Mapping):
        kept = islice(value.items(), ENTRIES)
        return {mask(str(key), secrets)[:200]: _told(one, secrets, most, depth - 1) for key, one in kept}
    if depth and isinstance(value, list | tuple):
        told = [_told(one, secrets, most, depth - 1) for one in value[:ENTRIES]]
        return told if len(value) <= ENTRIES else [*told, f"… {len(value) - ENTRIES} more"]
    text = mask(str(value), secrets)
    return text if len(text) <= most else f"{text[:most]}… {len(text) - most} more characters"
