"""What every exchange of OAuth pairs keeps."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gastown.ports.clock import Clock
from gastown.ports.oauth_tokens import OAuthPair, OAuthTokens, RefreshFailure, RefreshRefused


class OAuthTokensContract:
    """Run by the fake's test and by the adapter's, which give the fixtures."""

    @pytest.fixture
    def tokens(self) -> OAuthTokens:
        """The exchange under test."""
        raise NotImplementedError

    @pytest.fixture
    def instance(self) -> str:
        """The instance's address."""
        raise NotImplementedError

    @pytest.fixture
    def pair(self) -> OAuthPair:
        """A pair that lives there."""
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> Clock:
        """The time that pairs end by."""
        raise NotImplementedError

    @pytest.fixture
    def silent(self) -> OAuthTokens:
        """An exchange that does not answer."""
        raise NotImplementedError

    def test_a_refresh_token_works_once(
        self, tokens: OAuthTokens, instance: str, pair: OAuthPair, clock: Clock
    ) -> None:
        """Its successor works; the client stays, and nothing is shown."""
        first = tokens.refresh(instance, pair)
        again = tokens.refresh(instance, pair)

        assert isinstance(first, OAuthPair)
        assert isinstance(again, RefreshRefused)
        assert RefreshFailure.INVALID_GRANT is again.why
        assert {first.access_token, first.refresh_token}.isdisjoint({pair.access_token, pair.refresh_token})
        assert (pair.client_id, pair.client_secret) == (first.client_id, first.client_secret)
        assert first.expires_at is not None
        assert timedelta(minutes=110) < first.expires_at - clock.now() <= timedelta(minutes=121)
        assert first.refresh_token not in repr(first)
        assert isinstance(tokens.refresh(instance, first), OAuthPair)

    def test_an_unknown_refresh_token_is_refused_without_being_told(
        self, tokens: OAuthTokens, instance: str, pair: OAuthPair
    ) -> None:
        """The refusal names no secret."""
        refused = tokens.refresh(instance, replace(pair, refresh_token="never-given-out"))

        assert isinstance(refused, RefreshRefused)
        assert RefreshFailure.INVALID_GRANT is refused.why
        assert "never-given-out" not in repr(refused)

    def test_an_instance_that_is_silent_may_be_asked_again(
        self, silent: OAuthTokens, instance: str, pair: OAuthPair
    ) -> None:
        """No answer is not a no."""
        refused = silent.refresh(instance, pair)

        assert isinstance(refused, RefreshRefused)
        assert refused.answer is not None
        assert (RefreshFailure.UNANSWERED, True) == (refused.why, refused.answer.transient)
