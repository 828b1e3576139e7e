"""Tokens of a GitHub App's installations, minted on demand for one repository."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gastown.domain.pull import HttpError, Repository


class AppKind(StrEnum):
    """What a token may do: everything that the App was given, or read."""

    STANDARD = "standard"
    LITE = "lite"


class MintFailure(StrEnum):
    """Why there is no token; its text is for people."""

    NO_INSTALLATION = "no such installation"
    NO_REPOSITORY = "the installation does not reach this repository"
    BAD_KEY = "the App's key was refused"
    DENIED = "denied"
    EMPTY = "an empty token"
    UNREADABLE = "an unreadable answer"
    UNANSWERED = "no answer"


@dataclass(frozen=True, kw_only=True)
class AppKey:
    """Who mints: a GitHub App and its private key (PEM), never shown."""

    app_id: str
    private_key: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class InstallationToken:
    """A token, never shown, and when it ends."""

    value: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class MintRefused:
    """Why nothing was minted; `answer` is what GitHub said, if it said anything."""

    why: MintFailure
    answer: HttpError | None = None


class InstallationTokens(Protocol):
    """The minting of tokens; nothing is raised for what GitHub does."""

    def mint(
        self, app: AppKey, installation: str, repository: Repository, kind: AppKind
    ) -> InstallationToken | MintRefused:
        """A new token that reaches this repository only; one call to the configured host, and to no other."""
        ...
