"""Calls are bounded in seconds, bytes and redirects, and the token is in one header only."""

import logging

import httpx
import pytest

from gastown.adapters.http.provider_http import ANSWER_BYTES, Answer, Call, Conversation, ProviderHttp
from gastown.domain.pull import HttpError, Provider
from tests.support.fakes.clock import FixedClock
from tests.unit.adapters.scripted import TOKEN, Pieces, Script, answer

HERE = "https://api.github.com"
CALL = Call(method="GET", url=f"{HERE}/thing")


class Seconds:
    """A stop watch that is set by hand."""

    def __init__(self) -> None:
        """Start at zero."""
        self.passed = 0.0

    def __call__(self) -> float:
        """Seconds since the start."""
        return self.passed


@pytest.fixture
def script() -> Script:
    """The provider."""
    return Script()


@pytest.fixture
def seconds() -> Seconds:
    """The stop watch."""
    return Seconds()


@pytest.fixture
def talk(script: Script, seconds: Seconds) -> Conversation:
    """A conversation with the provider."""
    transport = httpx.MockTransport(script.perform)
    http = ProviderHttp(provider=Provider.GITHUB, clock=FixedClock(), transport=transport, elapsed=seconds)
    return http.converse(TOKEN, {"authorization": f"Bearer {TOKEN}"})


def refusal_of(talk: Conversation, call: Call = CALL) -> HttpError:
    """Make a call, and expect a refusal."""
    refusal = talk.send(call)
    assert isinstance(refusal, HttpError), refusal
    return refusal


def test_a_call_says_who_is_calling(talk: Conversation, script: Script) -> None:
    """The user agent is fixed; the token is in the header, not in the address."""
    script.on("GET", "/thing", answer(body={}))
    talk.send(CALL)

    (request,) = script.requests
    assert ("gastown-aws", f"Bearer {TOKEN}") == (request.headers["user-agent"], request.headers["authorization"])
    assert TOKEN not in str(request.url)


def test_a_call_has_two_seconds_to_connect_and_eight_to_be_answered(talk: Conversation, script: Script) -> None:
    """Whatever httpx thinks is usual."""
    script.on("GET", "/thing", answer(body={}))
    talk.send(CALL)

    assert {"connect": 2.0, "read": 8.0, "write": 8.0, "pool": 8.0} == script.requests[0].extensions["timeout"]


def test_a_conversation_has_twenty_seconds_in_all(talk: Conversation, script: Script, seconds: Seconds) -> None:
    """The last call gets what is left; after that nothing is sent."""
    script.on("GET", "/thing", answer(body={}))
    seconds.passed = 17.0
    talk.send(CALL)
    seconds.passed = 20.0
    refusal = refusal_of(talk)

    assert script.requests[0].extensions["timeout"]["read"] == pytest.approx(3.0)
    assert (1, 0, True) == (len(script.requests), refusal.status, refusal.transient)


def test_an_answer_that_drips_is_given_up(talk: Conversation, script: Script, seconds: Seconds) -> None:
    """Each piece comes in time, but not the whole."""

    class Dripping(Pieces):
        """A piece each nine seconds."""

        def __iter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204
            """Let time pass before each."""
            for piece in self.pieces:
                seconds.passed += 9
                yield piece

    script.on("GET", "/thing", httpx.Response(200, stream=Dripping(b"{", b'"a"', b":1", b"}")))
    refusal = refusal_of(talk)

    assert (0, True, "no answer in time") == (refusal.status, refusal.transient, refusal.text)
    assert seconds.passed < 30


def test_an_answer_of_more_than_three_megabytes_is_not_read(talk: Conversation, script: Script) -> None:
    """Reading stops there; what comes after is not fetched."""
    pieces = [b"x" * 1_000_000] * 4
    script.on("GET", "/thing", httpx.Response(200, stream=Pieces(*pieces, AssertionError("read on"))))

    assert "the answer is larger than 3 MB" == refusal_of(talk).text
    assert ANSWER_BYTES == 3_000_000


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("[Errno -2] Name or service not known"),
        httpx.ConnectTimeout(""),
        httpx.ReadTimeout(""),
        httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
        httpx.ReadError(""),
        httpx.DecodingError(""),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_no_answer_is_transient(talk: Conversation, script: Script, failure: Exception) -> None:
    """Not reached, too slow, cut off: status 0, and asking again can help (REQ-5.14)."""
    script.on("GET", "/thing", failure)
    refusal = refusal_of(talk)

    assert (0, True) == (refusal.status, refusal.transient)


def test_a_body_that_ends_too_early_is_no_answer(talk: Conversation, script: Script) -> None:
    """Its status was a success; it is transient all the same."""
    cut = httpx.RemoteProtocolError("peer closed connection without sending complete message body")
    script.on("GET", "/thing", httpx.Response(200, stream=Pieces(b'{"state":', cut)))

    refusal = refusal_of(talk)

    assert (0, True) == (refusal.status, refusal.transient)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_within_the_host_is_followed_verbatim(talk: Conversation, script: Script, status: int) -> None:
    """With the same method, body and token, as GitHub asks for it."""
    script.on("PUT", "/thing", answer(status, location="/repositories/1/thing"))
    script.on("PUT", "/repositories/1/thing", answer(body={}))
    done = talk.send(Call(method="PUT", url=f"{HERE}/thing", body={"sha": "1"}))

    assert isinstance(done, Answer)
    assert [{"sha": "1"}] * 2 == script.bodies("PUT")
    assert [f"Bearer {TOKEN}"] * 2 == [request.headers["authorization"] for request in script.requests]


def test_a_second_redirect_is_not_followed(talk: Conversation, script: Script) -> None:
    """Two hosts that send us back and forth keep nobody busy."""
    script.on("GET", "/thing", answer(301, location="/thing"))
    refusal = refusal_of(talk)

    assert (2, 301, False) == (len(script.requests), refusal.status, refusal.transient)


@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://evil.example/thing", "evil.example"),
        ("//evil.example/thing", "evil.example"),
        ("https://api.github.com@evil.example/", "evil.example"),
        ("https://api.github.com.evil.example/thing", "api.github.com.evil.example"),
        ("https://api.github.com:8443/thing", "api.github.com"),
        ("http://api.github.com/thing", "api.github.com"),
    ],
)
def test_a_redirect_to_another_host_is_refused(talk: Conversation, script: Script, location: str, named: str) -> None:
    """Another name, port or scheme: nothing is sent there, and the refusal names it."""
    script.on("GET", "/thing", answer(302, location=location))
    refusal = refusal_of(talk)

    assert (1, False) == (len(script.requests), refusal.transient)
    assert named in refusal.text


def test_a_redirect_to_what_is_no_address_is_no_answer(talk: Conversation, script: Script) -> None:
    """Like any other answer that breaks the protocol."""
    script.on("GET", "/thing", answer(302, location="https://[::1"))
    refusal = refusal_of(talk)

    assert (1, 0, True) == (len(script.requests), refusal.status, refusal.transient)


def test_a_redirect_brings_no_credentials_of_its_own(talk: Conversation, script: Script) -> None:
    """Names and passwords in its address do not take our token's place."""
    script.on("GET", "/thing", answer(302, location="https://mallory:pass@api.github.com/other"))
    script.on("GET", "/other", answer(body={}))
    talk.send(CALL)

    assert f"Bearer {TOKEN}" == script.requests[1].headers["authorization"]


@pytest.mark.parametrize("token", ["", "with space", "two\nlines", "schlüssel"])
def test_a_token_that_cannot_stand_in_a_header_is_not_sent(script: Script, token: str) -> None:
    """The library's own error would show it."""
    http = ProviderHttp(provider=Provider.GITHUB, clock=FixedClock(), transport=httpx.MockTransport(script.perform))
    refusal = http.converse(token, {"authorization": f"Bearer {token}"}).send(CALL)

    assert isinstance(refusal, HttpError)
    assert (401, False, "the token is malformed") == (refusal.status, refusal.transient, refusal.text)
    assert [] == script.requests


@pytest.mark.parametrize("url", ["ftp://api.github.com/thing", "thing", "https://[::1"])
def test_an_address_that_is_none_is_not_asked_again(url: str) -> None:
    """It is the deployment's own mistake."""
    http = ProviderHttp(provider=Provider.GITHUB, clock=FixedClock())
    refusal = http.converse(TOKEN, {}).send(Call(method="GET", url=url))
    http.close()

    assert isinstance(refusal, HttpError)
    assert (False, "the configured address is not a web address") == (refusal.transient, refusal.text)


def test_no_cookie_is_kept(talk: Conversation, script: Script) -> None:
    """A session that a provider opens for one town's token is nobody else's."""
    script.on("GET", "/thing", answer(body={}, set_cookie="session=1; Path=/"))
    talk.send(CALL)
    talk.send(CALL)

    assert [None, None] == [request.headers.get("cookie") for request in script.requests]


def test_no_log_line_has_the_token(talk: Conversation, script: Script, caplog: pytest.LogCaptureFixture) -> None:
    """Nor any other library's line about the call."""
    caplog.set_level(logging.DEBUG)
    script.on("GET", "/thing", answer(500, {"message": f"trouble with {TOKEN}"}))
    refusal = refusal_of(talk)

    assert caplog.text
    assert TOKEN not in caplog.text
    assert "trouble with ***" == refusal.text
