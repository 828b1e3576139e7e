"""Where credentials lie: the stack's secrets, one secret per town, and the live sources of tokens.

A town's secret is one JSON object; what is missing is not configured, and unknown names survive:

    {"github_cli_pat": "…", "git_auth": {"github_token": "…", "gitlab_token": "…", "gitlab_oauth": {…}},
     "git": {"<other host>": {"username": "…", "password": "…"}}, "env": {"NAME": "…"}, "kilocode_token": "…"}
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gastown.domain.addresses import Hosts, host_of_instance, parse_git_url
from gastown.domain.errors import Conflict, NotFound, Unavailable
from gastown.domain.pull import Repository
from gastown.domain.rig import Rig
from gastown.domain.town import Town
from gastown.ports.clock import Clock
from gastown.ports.installation_tokens import InstallationTokens
from gastown.ports.oauth_tokens import OAuthPair, OAuthTokens
from gastown.ports.secrets import SecretMoved, Secrets
from gastown.ports.town_store import TownStore

OAUTH_TEXTS = ("access_token", "refresh_token", "client_id", "client_secret")

WRITES = 8
"""How often a change of a town's secret is made when others keep coming first; each time one of them has succeeded."""


@dataclass(frozen=True, kw_only=True)
class LiveSources:
    """What mints tokens, made on first use; `app_secret` names the GitHub App's secret, empty when there is none."""

    installations: Callable[[], InstallationTokens]
    app_secret: str
    oauth: Callable[[], OAuthTokens]
    store: TownStore
    clock: Clock
    sleep: Callable[[float], None] = time.sleep


def _public_hosts(town: Town) -> Hosts:
    return Hosts(gitlab=host_of_instance(town.config.git_auth.gitlab_instance_url))


@dataclass(frozen=True, kw_only=True)
class Vault:
    """Where credentials come from: secrets, the signing secret's id, the prefix of towns' own secrets, live sources."""

    secrets: Secrets
    signing_secret: str
    town_prefix: str
    known: Callable[[Town], Hosts] = _public_hosts
    """The hosts that a town's tokens may go to."""
    live: LiveSources | None = None

    def repository(self, town: Town, rig: Rig) -> Repository | None:
        """A rig's repository, if it is at one of the two providers."""
        found = parse_git_url(rig.git_url, self.known(town))
        return found if isinstance(found, Repository) else None

    def town_secret(self, town_id: str, *, fresh: bool = False) -> "TownSecret":
        """A town's own secret, empty if it has none. Raises `Unavailable`, `Conflict` if it cannot be read."""
        return next(iter(self.versions(town_id, fresh=fresh)), TownSecret())

    def versions(self, town_id: str, *, fresh: bool = False) -> "list[TownSecret]":
        """The live versions of a town's secret, newest first. Raises `Unavailable`, `Conflict`."""
        try:
            return [TownSecret(_object(text)) for text in self.secrets.get(self.town_prefix + town_id, fresh=fresh)]
        except NotFound:  # a town without credentials works on public repositories
            return []

    def change(self, town_id: str, change: "Callable[[TownSecret], TownSecret]") -> "TownSecret":
        """Change a town's secret as it is now; answers with it as it is then.

        Whoever else writes it at the same moment is not overwritten: who comes second makes its change again, to what
        the first one wrote. Raises what `change` raises, `Unavailable`, and `Conflict` if the secret cannot be read.
        """
        secret_id = self.town_prefix + town_id
        for _ in range(WRITES):
            before = self._current(secret_id)
            stored = TownSecret(_object(before)) if before is not None else TownSecret()
            changed = change(stored)
            if changed.values == stored.values:
                return stored
            try:
                self.secrets.swap(secret_id, before, json.dumps(changed.values, sort_keys=True))
            except SecretMoved:
                continue
            return changed
        raise Unavailable("The town's secrets are being changed by others", retry_after=1)

    def _current(self, secret_id: str) -> str | None:
        try:
            return self.secrets.get(secret_id, fresh=True)[0]
        except NotFound:
            return None


@dataclass(frozen=True)
class TownSecret:
    """A town's secret, never shown; every method reads what is there and takes nothing for granted."""

    values: dict[str, Any] = field(default_factory=dict, repr=False)

    def text(self, name: str) -> str:
        """One of the secret's own texts, or an empty one."""
        return _text(self.values.get(name))

    @property
    def env(self) -> dict[str, str]:
        """The town's environment variables."""
        return {str(name): str(text) for name, text in _mapping(self.values.get("env")).items()}

    @property
    def git_auth(self) -> dict[str, Any]:
        """What was stored for the two providers."""
        return dict(_mapping(self.values.get("git_auth")))

    def login(self, host: str | None) -> tuple[str, str] | None:
        """User name and password of a host that is no provider of ours."""
        found = _mapping(_mapping(self.values.get("git")).get(host)) if host else {}
        password = _text(found.get("password"))
        return (_text(found.get("username")) or "x-access-token", password) if password else None

    @property
    def oauth(self) -> OAuthPair | None:
        """The GitLab OAuth pair, if one is stored."""
        found = _mapping(self.git_auth.get("gitlab_oauth"))
        if not found:
            return None
        texts = {
            name: _text(found.get(name)) for name in ("access_token", "refresh_token", "client_id", "client_secret")
        }
        return OAuthPair(expires_at=_moment(found.get("expires_at")), **texts)

    def with_oauth(self, pair: OAuthPair) -> "TownSecret":
        """This secret with another pair."""
        kept = {
            "access_token": pair.access_token,
            "refresh_token": pair.refresh_token,
            "expires_at": pair.expires_at.isoformat() if pair.expires_at else None,
            "client_id": pair.client_id,
            "client_secret": pair.client_secret,
        }
        return TownSecret({**self.values, "git_auth": {**self.git_auth, "gitlab_oauth": kept}})


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:  # its text stays out of the error: it may hold a password
        value = None
    if not isinstance(value, dict):
        raise Conflict("The town's credentials are not a JSON object")
    return value


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else None
