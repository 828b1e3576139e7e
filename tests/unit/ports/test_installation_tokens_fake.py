"""The mint in memory keeps the contract of the port."""

import pytest

from gastown.domain.pull import HttpError, Provider
from gastown.ports.installation_tokens import AppKey, MintFailure, MintRefused
from tests.support.contracts.installation_tokens import InstallationTokensContract
from tests.support.fakes.clock import FixedClock
from tests.support.fakes.installation_tokens import MemoryInstallationTokens


class TestMemoryInstallationTokens(InstallationTokensContract):
    """The contract, in memory."""

    @pytest.fixture
    def clock(self) -> FixedClock:
        """A clock that stands still."""
        return FixedClock()

    @pytest.fixture
    def tokens(self, clock: FixedClock) -> MemoryInstallationTokens:
        """The fake, which knows one key."""
        return MemoryInstallationTokens(clock=clock, keys={"key"})

    @pytest.fixture
    def app(self) -> AppKey:
        """With the key that it knows."""
        return AppKey(app_id="1", private_key="key")

    @pytest.fixture
    def stranger(self) -> AppKey:
        """With another one."""
        return AppKey(app_id="1", private_key="other")

    @pytest.fixture
    def installation(self) -> str:
        """The fake's own."""
        return "77"

    @pytest.fixture
    def silent(self) -> MemoryInstallationTokens:
        """The fake, told not to answer."""
        answer = HttpError(provider=Provider.GITHUB, status=0, text="no answer in time", transient=True)
        return MemoryInstallationTokens(refusal=MintRefused(why=MintFailure.UNANSWERED, answer=answer))
