"""OAuth token pairs of a GitLab instance, exchanged for new ones before they end."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gastown.domain.pull import HttpError


@dataclass(frozen=True, kw_only=True)
class OAuthPair:
    """An access token with what renews it; secrets are never shown. `expires_at` none: as old as can be."""

    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_at: datetime | None = None
    client_id: str = ""
    client_secret: str = field(default="", repr=False)


class RefreshFailure(StrEnum):
    """Why there is no new pair; its text is for people."""

    INVALID_GRANT = "the refresh token was used up or revoked"
    REFUSED = "the instance refused the refresh"
    UNANSWERED = "no answer"
    UNREADABLE = "an unreadable answer"


@dataclass(frozen=True, kw_only=True)
class RefreshRefused:
    """Why nothing was exchanged; `answer` is what the instance said, if it said anything."""

    why: RefreshFailure
    answer: HttpError | None = None


class OAuthTokens(Protocol):
    """The exchange of pairs; nothing is raised for what the instance does."""

    def refresh(self, instance: str, pair: OAuthPair) -> OAuthPair | RefreshRefused:
        """A new pair from `{instance}/oauth/token`; the old one ends with it. One call, to that host only."""
        ...
