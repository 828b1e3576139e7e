"""Every way of not answering, and that none of them shows the token."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from gastown.domain.pull import HttpError, InvalidResponse, Provider, PullState, Refusal
from gastown.ports.git_host import Access
from tests.support.scripted_gitlab import MERGE_REQUEST, PULL, TOKEN, ScriptedGitLab, a_merge_request

ELSEWHERE = "https://evil.example/api/v4/projects/1/merge_requests/7"


def state(gitlab: ScriptedGitLab) -> PullState | Refusal:
    """Read the merge request."""
    return gitlab.host().pull_state(PULL, gitlab.access)


@pytest.mark.parametrize(
    ("status", "transient"),
    [(400, False), (401, False), (403, False), (404, False), (422, False), (429, True), (500, True), (503, True)],
)
def test_a_status_says_whether_asking_again_can_help(status: int, *, transient: bool) -> None:
    """GitLab's words come along (REQ-5.2, 5.3)."""
    gitlab = ScriptedGitLab()
    gitlab.says("GET", MERGE_REQUEST, {"message": f"{status} Because"}, status=status)

    refusal = state(gitlab)

    assert isinstance(refusal, HttpError)
    assert (status, f"{status} Because", transient) == (refusal.status, refusal.text, refusal.transient)


@pytest.mark.parametrize(
    "headers",
    [{"Retry-After": "60"}, {"RateLimit-Remaining": "0", "RateLimit-Reset": "{epoch}"}],
    ids=["delay", "reset"],
)
def test_a_limit_says_when_to_come_back(headers: dict[str, str]) -> None:
    """`Retry-After` in seconds, or the moment of the next quota."""
    gitlab = ScriptedGitLab()
    gitlab.clock.present = datetime(2026, 1, 2, tzinfo=UTC)
    back = gitlab.clock.present + timedelta(seconds=60)
    given = {name: value.format(epoch=int(back.timestamp())) for name, value in headers.items()}
    gitlab.says("GET", MERGE_REQUEST, {"message": "Retry later"}, status=429, headers=given)

    refusal = state(gitlab)

    assert isinstance(refusal, HttpError)
    assert (True, back) == (refusal.transient, refusal.retry_at)


def raising(error: type[httpx.TransportError]) -> Callable[[httpx.Request], httpx.Response]:
    """A network that does this."""

    def reply(request: httpx.Request) -> httpx.Response:
        raise error(f"with {TOKEN}", request=request)

    return reply


@pytest.mark.parametrize(
    "error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError]
)
def test_a_network_that_fails_is_transient(error: type[httpx.TransportError]) -> None:
    """It is counted as such (REQ-5.14), and its own words are not repeated."""
    gitlab = ScriptedGitLab()
    gitlab.does("GET", MERGE_REQUEST, raising(error))

    refusal = state(gitlab)

    assert isinstance(refusal, HttpError)
    assert (0, True) == (refusal.status, refusal.transient)
    assert TOKEN not in repr(refusal)


@pytest.mark.parametrize(
    ("content", "reason", "keys"),
    [
        (b"<html>", "json_parse", ()),
        (b"", "json_parse", ()),
        (b"null", "json_parse", ()),
        (b'{"state": "opened"', "json_parse", ()),
        (b"[]", "schema_mismatch", ()),
        (b'{"state": "opened", "iid": 7}', "schema_mismatch", ("state", "iid")),
        (b'{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1}', "schema_mismatch", tuple("abcdefgh")),
    ],
)
def test_a_body_that_is_not_as_documented_is_invalid(content: bytes, reason: str, keys: tuple[str, ...]) -> None:
    """No JSON is told from another shape, of which up to 8 names are kept."""
    gitlab = ScriptedGitLab()
    gitlab.does("GET", MERGE_REQUEST, lambda _: httpx.Response(200, content=content))

    assert InvalidResponse(provider=Provider.GITLAB, reason=reason, keys=keys) == state(gitlab)


def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    """3 MB are more than any merge request."""
    gitlab = ScriptedGitLab()
    gitlab.does("GET", MERGE_REQUEST, lambda _: httpx.Response(200, content=b" " * 3_000_001))

    assert isinstance(state(gitlab), HttpError)


@pytest.mark.parametrize(
    "location",
    [ELSEWHERE, "http://gitlab.com/api/v4/projects/81", "https://gitlab.com:8443/x", "//evil.example/x", "https://[/"],
)
def test_a_redirect_to_another_host_is_not_followed(location: str) -> None:
    """Nor to another port, nor to plain HTTP: the token goes nowhere."""
    gitlab = ScriptedGitLab()
    gitlab.says("GET", MERGE_REQUEST, status=302, headers={"Location": location})

    refusal = state(gitlab)

    assert isinstance(refusal, HttpError)
    assert (302, False) == (refusal.status, refusal.transient)
    assert [("GET", MERGE_REQUEST)] == gitlab.asked


def test_a_project_that_has_moved_is_followed_on_its_instance() -> None:
    """https://docs.gitlab.com/api/rest/#redirects."""
    gitlab = ScriptedGitLab()
    there = "https://gitlab.com/api/v4/projects/81/merge_requests/7"
    gitlab.says("GET", MERGE_REQUEST, status=301, headers={"Location": there})
    gitlab.says("GET", there, a_merge_request())

    assert isinstance(state(gitlab), PullState)


def test_the_token_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    """Not where an instance repeats it, not in what is kept, not in a log."""
    caplog.set_level(logging.DEBUG)
    gitlab = ScriptedGitLab()
    gitlab.says("GET", MERGE_REQUEST, {"message": f"Token {TOKEN} was revoked"}, status=401)
    gitlab.says("GET", MERGE_REQUEST, a_merge_request(), headers={"ETag": 'W/"1"'})

    shown = [repr(state(gitlab)), repr(state(gitlab)), repr(gitlab.access), repr(gitlab.memory.kept), caplog.text]

    assert [] == [text for text in shown if TOKEN in text]
    assert "was revoked" in shown[0]


def test_a_token_that_cannot_stand_in_a_header_is_refused_unsent() -> None:
    """A line break in a secret is a mistake of who stored it."""
    gitlab = ScriptedGitLab()

    refusal = gitlab.host().pull_state(PULL, Access(token=f"{TOKEN}\n", memory=gitlab.memory))

    assert isinstance(refusal, HttpError)
    assert (401, False, []) == (refusal.status, refusal.transient, gitlab.requests)
