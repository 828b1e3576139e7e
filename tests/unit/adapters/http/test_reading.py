"""Values are read from answers, or from what was kept of the same answer."""

from typing import Any

import httpx
import pytest

from gastown.adapters.http.provider_http import Call, Conversation, ProviderHttp
from gastown.adapters.http.reading import fetch, look_up
from gastown.adapters.http.shapes import Shape
from gastown.domain.pull import InvalidResponse, Provider
from tests.support.contracts.git_host import RememberedAnswers
from tests.support.fakes.clock import FixedClock
from tests.unit.adapters.scripted import TOKEN, Script, answer

URL = "https://api.github.com/thing"


class Thing(Shape):
    """What is read."""

    name: str
    size: int


@pytest.fixture
def script() -> Script:
    """The provider."""
    return Script()


@pytest.fixture
def talk(script: Script) -> Conversation:
    """A conversation with it."""
    transport = httpx.MockTransport(script.perform)
    return ProviderHttp(provider=Provider.GITHUB, clock=FixedClock(), transport=transport).converse(TOKEN, {})


def test_an_answer_that_did_not_change_is_what_was_kept(talk: Conversation, script: Script) -> None:
    """The tag of the last answer is the condition of the next call."""
    memory = RememberedAnswers()
    script.on("GET", "/thing", answer(body={"name": "a", "size": 1, "more": "x"}, etag='W/"1"'), answer(304))
    first, second = (look_up(talk, Thing, URL, memory) for _ in range(2))

    assert Thing(name="a", size=1) == first == second
    assert [None, 'W/"1"'] == [request.headers.get("if-none-match") for request in script.requests]
    assert {URL: ('W/"1"', {"name": "a", "size": 1})} == memory.kept


def test_an_answer_that_changed_takes_the_place_of_what_was_kept(talk: Conversation, script: Script) -> None:
    """With its own tag."""
    memory = RememberedAnswers()
    memory.remember(URL, '"1"', {"name": "a", "size": 1})
    script.on("GET", "/thing", answer(body={"name": "a", "size": 2}, etag='"2"'))

    assert Thing(name="a", size=2) == look_up(talk, Thing, URL, memory)
    assert ('"2"', {"name": "a", "size": 2}) == memory.kept[URL]


@pytest.mark.parametrize("kept", [{}, {"name": "a"}, {"name": "a", "size": "many"}])
def test_what_other_code_kept_is_asked_for_anew(talk: Conversation, script: Script, kept: dict[str, object]) -> None:
    """Without a condition, so that the answer has a body."""
    memory = RememberedAnswers()
    memory.remember(URL, '"1"', kept)
    script.on("GET", "/thing", answer(body={"name": "a", "size": 1}))

    assert Thing(name="a", size=1) == look_up(talk, Thing, URL, memory)
    assert "if-none-match" not in script.requests[0].headers


@pytest.mark.parametrize(
    ("status", "body", "etag"),
    [
        (200, {"name": "a", "size": 1}, ""),
        (200, {"name": "a" * 40_000, "size": 1}, '"1"'),
        (200, {"name": "a", "size": 1}, '"' + "1" * 300 + '"'),
        (200, {"name": "a"}, '"1"'),
        (500, {"name": "a", "size": 1}, '"1"'),
    ],
)
def test_not_everything_is_kept(talk: Conversation, script: Script, status: int, body: Any, etag: str) -> None:
    """Nothing without a tag, nothing large, and no refusal."""
    memory = RememberedAnswers()
    script.on("GET", "/thing", answer(status, body, etag=etag))
    look_up(talk, Thing, URL, memory)

    assert {} == memory.kept


@pytest.mark.parametrize(
    ("body", "reason", "keys"),
    [
        (b"{'not': json", "json_parse", ()),
        (b"", "json_parse", ()),
        (b"null", "json_parse", ()),
        (b"\xff\xfe", "json_parse", ()),
        (b"[" * 100_000, "json_parse", ()),
        (b"[]", "schema_mismatch", ()),
        (b'"text"', "schema_mismatch", ()),
        (b'{"name": "a"}', "schema_mismatch", ("name",)),
        (b'{"name": "a", "size": {}}', "schema_mismatch", ("name", "size")),
        (b'{"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0}', "schema_mismatch", tuple("12345678")),
    ],
)
def test_a_body_of_another_shape_is_told_by_its_names(
    talk: Conversation, script: Script, body: bytes, reason: str, keys: tuple[str, ...]
) -> None:
    """Up to eight of them, and never a value."""
    script.on("GET", "/thing", answer(body=body))

    expected = InvalidResponse(provider=Provider.GITHUB, reason=reason, keys=keys)
    assert expected == fetch(talk, Thing, Call(method="GET", url=URL))
