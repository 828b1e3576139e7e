"""The OAuth exchange in memory keeps the contract of the port."""

import pytest

from gastown.domain.pull import HttpError, Provider
from gastown.ports.oauth_tokens import OAuthPair, RefreshFailure, RefreshRefused
from tests.support.contracts.oauth_tokens import OAuthTokensContract
from tests.support.fakes.clock import FixedClock
from tests.support.fakes.oauth_tokens import MemoryOAuthTokens


class TestMemoryOAuthTokens(OAuthTokensContract):
    """The contract, in memory."""

    @pytest.fixture
    def clock(self) -> FixedClock:
        """A clock that stands still."""
        return FixedClock()

    @pytest.fixture
    def tokens(self, clock: FixedClock) -> MemoryOAuthTokens:
        """The fake."""
        return MemoryOAuthTokens(clock=clock)

    @pytest.fixture
    def instance(self) -> str:
        """Any will do."""
        return "https://gitlab.com"

    @pytest.fixture
    def pair(self) -> OAuthPair:
        """The one that the fake knows."""
        return OAuthPair(
            access_token="old", refresh_token="refresh-secret-number-0", client_id="client", client_secret="secret"
        )

    @pytest.fixture
    def silent(self) -> MemoryOAuthTokens:
        """The fake, told not to answer."""
        answer = HttpError(provider=Provider.GITLAB, status=503, text="away", transient=True)
        return MemoryOAuthTokens(refusal=RefreshRefused(why=RefreshFailure.UNANSWERED, answer=answer))
