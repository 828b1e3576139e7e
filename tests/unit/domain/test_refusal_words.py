"""What a refusal tells a person: what happened, and what to do."""

import pytest

from gastown.domain.pull import HostMismatch, HttpError, InvalidResponse, NoToken, Provider, UnrecognizedUrl
from gastown.domain.refusal_words import explain_refusal

GITHUB, GITLAB = Provider.GITHUB, Provider.GITLAB


def http(status: int, provider: Provider = GITHUB, *, transient: bool = False) -> str:
    """What an HTTP status is explained as."""
    return explain_refusal(HttpError(provider=provider, status=status, text="Some text", transient=transient))


def test_a_missing_token_lists_what_was_tried_in_order() -> None:
    """It also says why a pull request may exist all the same."""
    words = explain_refusal(NoToken(provider=GITHUB, tried=("town.github_cli_pat", "town platform integration")))

    assert words.index("`town.github_cli_pat`") < words.index("`town platform integration`")
    assert "Agents use credentials of their own" in words


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "fresh"),
        (403, "Pull requests: read and write"),
        (404, "branch or repository deleted"),
        (422, "Asking again does not help"),
    ],
)
def test_an_http_error_names_its_status_and_what_to_do(status: int, hint: str) -> None:
    """REQ-5.11."""
    assert f"HTTP {status}" in http(status)
    assert hint in http(status)


def test_an_error_of_gitlab_speaks_of_gitlab_only() -> None:
    """R.3: its permissions and its merge requests, not the names of GitHub."""
    for status in (401, 403, 404):
        words = http(status, GITLAB)
        assert "GitLab" in words
        assert "GitHub" not in words
        assert "Pull requests: read" not in words
    assert "(MR)" in http(404, GITLAB)


def test_a_transient_error_says_that_it_is_asked_again() -> None:
    """Also for a rate limit that comes as a 403."""
    assert "It is asked again" in http(503, transient=True)
    assert "It is asked again" in http(403, transient=True)
    assert "did not answer" in http(0, transient=True)


def test_what_was_never_asked_is_a_matter_of_settings() -> None:
    """REQ-5.16: a configuration error has words of its own."""
    assert "GitHub was not asked: Some text. Correct the settings" in http(0)


def test_an_unreadable_answer_names_its_keys() -> None:
    """And asks for a report."""
    words = explain_refusal(InvalidResponse(provider=GITHUB, reason="schema_mismatch", keys=("foo", "bar")))

    assert "foo, bar" in words
    assert "report" in words


def test_a_refused_host_is_named_beside_the_configured_one() -> None:
    """Nothing was sent there."""
    words = explain_refusal(HostMismatch(provider=GITLAB, expected="gitlab.com", got="evil.example"))

    assert "evil.example" in words
    assert "gitlab.com" in words
    assert "not sent" in words


def test_an_address_that_nobody_knows_is_quoted() -> None:
    """With what to check."""
    assert "https://example.org/x" in explain_refusal(UnrecognizedUrl(url="https://example.org/x"))
