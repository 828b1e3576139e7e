"""A GitLab instance's OAuth in memory."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from gastown.ports.clock import Clock
from gastown.ports.oauth_tokens import OAuthPair, RefreshFailure, RefreshRefused
from tests.support.fakes.clock import FixedClock


@dataclass
class MemoryOAuthTokens:
    """`living` are the refresh tokens that work, each once; `calls` the instances that were asked."""

    clock: Clock = field(default_factory=FixedClock)
    living: set[str] = field(default_factory=lambda: {"refresh-secret-number-0"})
    calls: list[str] = field(default_factory=list)
    refusal: RefreshRefused | None = None

    def refresh(self, instance: str, pair: OAuthPair) -> OAuthPair | RefreshRefused:
        """A new pair, numbered by the calls; the refresh token is used up."""
        self.calls.append(instance)
        if self.refusal is not None:
            return self.refusal
        if pair.refresh_token not in self.living:
            return RefreshRefused(why=RefreshFailure.INVALID_GRANT)
        self.living.remove(pair.refresh_token)
        number = len(self.calls)
        self.living.add(f"refresh-secret-number-{number}")
        return replace(
            pair,
            access_token=f"access-secret-number-{number}",
            refresh_token=f"refresh-secret-number-{number}",
            expires_at=self.clock.now() + timedelta(hours=2),
        )
