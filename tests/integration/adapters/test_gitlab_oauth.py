"""GitLab's OAuth keeps the contract of the port, on the forge."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from gastown.adapters.gitlab.oauth_tokens import GitLabOAuthTokens
from gastown.adapters.system.clock import SystemClock
from gastown.ports.oauth_tokens import OAuthPair, RefreshFailure, RefreshRefused
from tests.support.contracts.oauth_tokens import OAuthTokensContract
from tests.support.forge import Forge

PAIR = OAuthPair(access_token="a", refresh_token="the-refresh-token", client_id="id", client_secret="the-client-secret")


class TestGitLabOAuthTokens(OAuthTokensContract):
    """The contract, over HTTP."""

    @pytest.fixture
    def forge(self) -> Iterator[Forge]:
        """A forge with one OAuth client."""
        with Forge() as forge:
            yield forge

    @pytest.fixture
    def clock(self) -> SystemClock:
        """The true time."""
        return SystemClock()

    @pytest.fixture
    def tokens(self) -> Iterator[GitLabOAuthTokens]:
        """The adapter."""
        tokens = GitLabOAuthTokens(clock=SystemClock())
        yield tokens
        tokens.close()

    @pytest.fixture
    def instance(self, forge: Forge) -> str:
        """The forge."""
        return forge.url

    @pytest.fixture
    def pair(self, forge: Forge) -> OAuthPair:
        """What the forge grants."""
        forge.steer.add_client("client", "secret")
        granted = forge.steer.grant()
        return OAuthPair(
            access_token=granted["access_token"],
            refresh_token=granted["refresh_token"],
            client_id="client",
            client_secret="secret",
        )

    @pytest.fixture
    def silent(self) -> GitLabOAuthTokens:
        """The adapter where the instance is away."""
        return GitLabOAuthTokens(clock=SystemClock(), transport=httpx.MockTransport(lambda _: httpx.Response(503)))


def exchanged(answer: httpx.Response) -> OAuthPair | RefreshRefused:
    """What comes of this answer."""
    tokens = GitLabOAuthTokens(clock=SystemClock(), transport=httpx.MockTransport(lambda _: answer))
    return tokens.refresh("https://git.acme.example", PAIR)


def test_an_answer_without_a_life_time_has_gitlabs_usual_one() -> None:
    """Some instances do not say: two hours since the pair was made."""
    body = {"access_token": "new", "refresh_token": "newer", "created_at": 1_800_000_000}
    pair = exchanged(httpx.Response(200, json=body))

    assert isinstance(pair, OAuthPair)
    assert datetime.fromtimestamp(1_800_007_200, UTC) == pair.expires_at


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (httpx.Response(400, json={"error": "invalid_grant"}), RefreshFailure.INVALID_GRANT),
        (httpx.Response(401, json={"error": "invalid_client"}), RefreshFailure.REFUSED),
        (httpx.Response(200, text="<html>"), RefreshFailure.UNREADABLE),
        (httpx.Response(200, json={"refresh_token": "x"}), RefreshFailure.UNREADABLE),
        (httpx.Response(400, json={"error": "echo the-refresh-token the-client-secret"}), RefreshFailure.REFUSED),
        (httpx.Response(308, headers={"location": "https://evil.example/oauth/token"}), RefreshFailure.REFUSED),
    ],
)
def test_each_refusal_has_its_cause_and_no_secret(answer: httpx.Response, why: RefreshFailure) -> None:
    """Whatever the instance writes into it."""
    refused = exchanged(answer)

    assert isinstance(refused, RefreshRefused)
    assert why is refused.why
    assert "the-refresh-token" not in str(refused.answer)
    assert "the-client-secret" not in str(refused.answer)
