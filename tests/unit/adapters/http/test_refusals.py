"""Which answers can pass by themselves, and when to come back."""

from datetime import UTC, datetime, timedelta

import pytest

from gastown.adapters.http.refusals import described, refused, said
from gastown.domain.pull import HostMismatch, HttpError, InvalidResponse, Provider, Refusal

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RESET = str(int(NOW.timestamp()) + 900)
MINUTE, QUARTER, DAY = timedelta(minutes=1), timedelta(minutes=15), timedelta(days=1)
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


@pytest.mark.parametrize(
    ("status", "headers", "text", "transient", "wait"),
    [
        (500, {}, "", True, None),
        (502, {}, "", True, None),
        (503, {"retry-after": "30"}, "", True, timedelta(seconds=30)),
        (599, {}, "", True, None),
        (429, {}, "", True, MINUTE),
        (429, {"retry-after": "900"}, "", True, QUARTER),
        (429, {"ratelimit-remaining": "0", "ratelimit-reset": RESET}, "", True, QUARTER),
        (403, {"retry-after": "900"}, "", True, QUARTER),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": RESET}, "", True, QUARTER),
        (403, {"x-ratelimit-remaining": "0"}, "", True, MINUTE),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, "", True, MINUTE),
        (403, {}, SECONDARY, True, MINUTE),
        (403, {"x-ratelimit-remaining": "4999", "x-ratelimit-reset": RESET}, "Must have admin rights", False, None),
        (403, {}, "Resource not accessible by integration", False, None),
        (401, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": RESET}, "Bad credentials", False, None),
        (404, {}, "Not Found", False, None),
        (422, {}, "Validation Failed", False, None),
        (400, {}, "", False, None),
        (409, {}, "", False, None),
        (304, {}, "", False, None),
    ],
)
def test_a_refusal_is_transient_if_asking_again_can_help(
    *, status: int, headers: dict[str, str], text: str, transient: bool, wait: timedelta | None
) -> None:
    """5xx, 429, and a 403 with the marks of a limit; what the provider asks to wait for is kept."""
    refusal = refused(Provider.GITHUB, status, headers, text, NOW)

    assert (status, transient) == (refusal.status, refusal.transient)
    assert (None if wait is None else NOW + wait) == refusal.retry_at


@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [
        ("0", timedelta()),
        ("Fri, 02 Jan 2026 03:19:05 GMT", QUARTER),
        ("Fri, 02 Jan 2026 02:00:00 GMT", timedelta()),
        ("Fri, 02 Jan 2099 03:19:05 GMT", DAY),
        ("99999999999999999999", DAY),
        ("whenever", MINUTE),
        ("Fri, 02 Jan 2026 03:19:05 +" + "9" * 30, MINUTE),
        ("-5", MINUTE),
    ],
)
def test_a_wait_is_between_now_and_a_day(retry_after: str, wait: timedelta) -> None:
    """In seconds or as a date; what makes no sense is a minute."""
    assert NOW + wait == refused(Provider.GITHUB, 429, {"retry-after": retry_after}, "", NOW).retry_at


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}', "Not Found"),
        (
            b'{"message": "Validation Failed", "errors": [{"message": "A pull request already exists for a:b."}]}',
            "Validation Failed A pull request already exists for a:b.",
        ),
        (
            b'{"message": "Validation Failed", "errors": [{"resource": "PullRequest", "field": "head"}]}',
            "Validation Failed PullRequest head",
        ),
        (b'{"error": "invalid_token", "error_description": "Revoked."}', "invalid_token Revoked."),
        (b'{"message": {"title": ["is too long"]}}', "is too long"),
        (b"<html>Unicorn!</html>", "Bad Gateway"),
        (b"", "Bad Gateway"),
        (b"null", "Bad Gateway"),
        (b"[" * 100_000, "Bad Gateway"),
        (b'{"message": "two\\n lines"}', "two lines"),
        (b'{"message": "a\\u001b[31mred\\u202eflag"}', "a [31mred flag"),
    ],
)
def test_a_refusal_says_what_the_provider_said(body: bytes, text: str) -> None:
    """In one line; a page of HTML is not shown to anybody."""
    assert text == said(body, 502, "s3cret")


def test_a_refusal_is_short_and_without_the_token() -> None:
    """Even if the provider repeats it, at the very place where the text is cut."""
    text = said(b'{"message": "' + b"x" * 290 + b' secret-token-value and more"}', 500, "secret-token-value")

    assert ("x" * 290 + " *** and more")[:300] == text


@pytest.mark.parametrize(
    ("refusal", "text"),
    [
        (HttpError(provider=Provider.GITHUB, status=502, text="Bad Gateway", transient=True), "HTTP 502, Bad Gateway"),
        (HttpError(provider=Provider.GITHUB, status=0, text="no answer in time", transient=True), "no answer in time"),
        (InvalidResponse(provider=Provider.GITHUB, reason="json_parse"), "unexpected answer (json_parse)"),
        (
            InvalidResponse(provider=Provider.GITHUB, reason="schema_mismatch", keys=("a", "b")),
            "unexpected answer (schema_mismatch; a, b)",
        ),
        (HostMismatch(provider=Provider.GITHUB, expected="a", got="b"), "host_mismatch"),
    ],
)
def test_a_part_that_is_missing_is_named_with_why(refusal: Refusal, text: str) -> None:
    """People read it."""
    assert f"check runs: {text}" == described("check runs", refusal)
