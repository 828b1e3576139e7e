"""Events wait without secrets and bounded; the oldest give way and are counted; a batch stays until it is settled."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from gastown.container.event_buffer import BATCH_BYTES, BATCH_EVENTS, EVENT_BYTES, EventBuffer
from gastown.container.runtimes.runtime import AgentEvent

AT = datetime(2026, 1, 1, tzinfo=UTC)


def event(kind: str = "output", /, **data: Any) -> AgentEvent:
    """An event of now."""
    return AgentEvent(kind=kind, data=data, at=AT)


def part(text: str, part_id: str = "p") -> AgentEvent:
    """A part of a message as it stands."""
    return event("message.part.updated", part={"id": part_id, "messageID": "m", "type": "text", "text": text})


def drained(buffer: EventBuffer) -> list[tuple[int, Any]]:
    """Number and data of everything that waits, batch by batch."""
    told = []
    while batch := buffer.take():
        told += [(one.sequence, one.event.data) for one in batch]
        buffer.settle()
    return told


def test_events_are_numbered_from_one() -> None:
    """In the order in which they came."""
    buffer = EventBuffer()
    for text in "abc":
        buffer.add(event(text=text))

    assert [(1, {"text": "a"}), (2, {"text": "b"}), (3, {"text": "c"})] == drained(buffer)


def test_a_batch_stays_as_it_is_until_it_is_settled() -> None:
    """Whatever happens meanwhile: telling it again must tell the same."""
    buffer = EventBuffer(events=3)
    buffer.add(part("one"))
    first = buffer.take()
    for n in range(10):
        buffer.add(part(f"two {n}", f"p{n}"))
    buffer.add(part("one and more"))

    assert first == buffer.take()
    assert "one" == first[0].event.data["part"]["text"]  # type: ignore[index]
    buffer.settle()
    assert first != buffer.take()


def test_the_oldest_give_way_and_are_counted() -> None:
    """One event stands for all that were lost, under a number that was never told."""
    buffer = EventBuffer(events=3)
    for n in range(1, 11):
        buffer.add(event(n=n))

    assert [(7, {"count": 7}), (8, {"n": 8}), (9, {"n": 9}), (10, {"n": 10})] == drained(buffer)
    assert 7 == buffer.total_dropped


def test_large_events_make_room_for_each_other_too() -> None:
    """The buffer is bounded in bytes."""
    buffer = EventBuffer(size=50_000)
    for n in range(1, 11):
        buffer.add(event(n=n, text="x" * 15_000))

    kept = drained(buffer)
    assert [8, 9, 10] == [sequence for sequence, data in kept if "n" in data]
    assert {"count": 7} == kept[0][1]


def test_a_batch_is_bounded() -> None:
    """In events and in bytes; what does not fit is in the next."""
    many, large = EventBuffer(), EventBuffer()
    for _ in range(BATCH_EVENTS + 5):
        many.add(event())
    for _ in range(20):
        large.add(event(text="x" * 15_000))

    assert BATCH_EVENTS == len(many.take())
    assert BATCH_BYTES >= sum(len(json.dumps(dict(one.event.data))) for one in large.take())
    assert 20 == len(drained(large))


def test_a_growing_part_is_told_once() -> None:
    """In the place of its first version, with its last text."""
    buffer = EventBuffer()
    buffer.add(part("H"))
    buffer.add(event(text="between"))
    for text in ("Hello", "Hello, world"):
        buffer.add(part(text))
    buffer.add(part("Another", "q"))

    told = drained(buffer)
    assert [1, 2, 5] == [sequence for sequence, _ in told]
    assert ["Hello, world", "Another"] == [told[0][1]["part"]["text"], told[2][1]["part"]["text"]]


def test_a_part_that_was_told_is_told_anew() -> None:
    """What is on its way cannot be changed any more."""
    buffer = EventBuffer()
    buffer.add(part("Hello"))
    buffer.take()
    buffer.add(part("Hello, world"))
    buffer.settle()

    [(sequence, data)] = drained(buffer)
    assert (2, "Hello, world") == (sequence, data["part"]["text"])


def test_a_part_that_gave_way_is_told_anew() -> None:
    """Its place is gone."""
    buffer = EventBuffer(events=2)
    for text in ("p", "q", "r"):
        buffer.add(part(text, text))
    buffer.add(part("p again", "p"))

    assert ["r", "p again"] == [data["part"]["text"] for _, data in drained(buffer) if "part" in data]


def test_secrets_are_masked_wherever_they_stand() -> None:
    """In texts, in lists, in keys, in URLs; and those that became known only later."""
    known = ["token-1"]
    buffer = EventBuffer(known)
    buffer.add(event(input={"command": "curl -H token-1 https://u:pw@host/", "args": ["token-1"], "token-1": 1}))
    known.append("token-2")
    buffer.add(event(text="now token-2"))

    told = json.dumps([data for _, data in drained(buffer)])
    assert "token" not in told
    assert "u:pw" not in told
    assert 4 == told.count("***") - told.count("***@")


@pytest.mark.parametrize("make", [lambda: "é" * 100_000, lambda: ["x" * 1000] * 1000, lambda: [{"a": 1}] * 100_000])
def test_an_event_is_cut_to_its_size(make: Callable[[], Any]) -> None:
    """Its longest texts first; what is still too large is left out and says so."""
    buffer = EventBuffer()
    buffer.add(event(tool="read", output=make()))

    [told] = buffer.take()
    assert EVENT_BYTES >= len(json.dumps(dict(told.event.data)))
    assert {"tool", "output"} == set(told.event.data) or {"left_out"} == set(told.event.data)


def test_an_event_that_holds_itself_is_cut() -> None:
    """Depth is bounded as well."""
    loop: dict[str, Any] = {}
    loop["again"] = loop
    buffer = EventBuffer()
    buffer.add(event(loop=loop))

    assert 1 == len(drained(buffer))


def test_what_was_told_is_still_shown() -> None:
    """To whoever looks from inside the container, from any number on."""
    buffer = EventBuffer()
    for n in range(1, 4):
        buffer.add(event(n=n))
    drained(buffer)

    assert [2, 3] == [one.event.data["n"] for one in buffer.shown(1)]
