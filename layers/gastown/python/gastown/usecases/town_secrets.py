"""A town's secrets as people see and change them: written through the API and never read back (design 9, row 16).

What is shown of a value is that it is there, and the last four characters of a long one. Dashboards send what they
were shown; such a value keeps the one that is stored.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gastown.domain.errors import Invalid
from gastown.usecases.vault import OAUTH_TEXTS, TownSecret

MASK = "****"
SHOWN = 4
LONG = 12
"""Characters that are shown of a value, and the length beyond which any are."""

MAX_SECRET_BYTES = 60_000
"""A secret holds 65,536 bytes (Secrets Manager's quota); the rest is for a GitLab pair that grows."""

PLAIN_SECRETS = ("github_cli_pat", "kilocode_token")
MODEL_URL = "model_url"
"""In the secret too, beside the token of the models: the address that it was given for."""
GIT_SECRETS = ("github_token", "gitlab_token")
OAUTH = "gitlab_oauth"
OAUTH_SECRETS = ("access_token", "refresh_token", "client_secret")
GITLAB_SITE = "gitlab_site"
"""In the secret, beside GitLab's tokens: the instance that they were given for."""

_ECHO = re.compile(r"\*{4}.{0,4}")


def mask(value: str) -> str | None:
    """What is shown of a value; none if there is none."""
    if not value:
        return None
    return MASK + (value[-SHOWN:] if len(value) > LONG else "")


def is_echo(value: object) -> bool:
    """Whether this is what was shown instead of a value."""
    return isinstance(value, str) and _ECHO.fullmatch(value) is not None


def show_secrets(secret: TownSecret) -> dict[str, Any]:
    """What people may know of a town's secrets, by the names of its settings."""
    pair, git = secret.oauth, secret.git_auth
    shown: dict[str, Any] = {name: mask(str(git.get(name) or "")) for name in GIT_SECRETS}
    if pair is None:
        shown[OAUTH] = None
    else:
        expires = pair.expires_at.isoformat() if pair.expires_at else None
        masked = {name: mask(getattr(pair, name)) for name in OAUTH_SECRETS}
        shown[OAUTH] = {**masked, "client_id": pair.client_id, "expires_at": expires}
    return {
        "git_auth": shown,
        **{name: mask(secret.text(name)) for name in PLAIN_SECRETS},
        MODEL_URL: secret.text(MODEL_URL) or None,
        "env_vars": {name: mask(value) or "" for name, value in secret.env.items()},
    }


def change_secret(secret: TownSecret, changes: Mapping[str, Any], site: str) -> TownSecret:
    """The secret after a partial update; `site` is the GitLab instance that its tokens are for from now on.

    Raises `Invalid` for a GitLab pair that nothing can be done with, for tokens of another instance, for too much.
    """
    values = dict(secret.values)
    for name in PLAIN_SECRETS:
        if name in changes:
            _set(values, name, changes[name], secret.text(name))
    _change_model_url(secret, values, changes)
    if "env_vars" in changes:
        values["env"] = _replaced(secret.env, changes["env_vars"] or {})
    git = changes.get("git_auth")
    if isinstance(git, Mapping):
        values["git_auth"] = _change_git(secret, git)
    changed = TownSecret({name: value for name, value in values.items() if value not in (None, "", {})})
    bound = _bind(secret, changed, site)
    if len(json.dumps(bound.values).encode()) > MAX_SECRET_BYTES:
        raise Invalid("A town's secrets are at most 60,000 bytes in all", field="env_vars")
    return bound


def _change_model_url(secret: TownSecret, values: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """No change of the address sends an old token to a new host. Raises `Invalid`."""
    if MODEL_URL not in changes:
        return
    values[MODEL_URL] = changes[MODEL_URL] or None
    token = values.get("kilocode_token")
    if token and token == secret.text("kilocode_token") and (values[MODEL_URL] or "") != secret.text(MODEL_URL):
        raise Invalid(
            "The stored token of the models belongs to another address: give a new one with it, or delete it",
            field=MODEL_URL,
        )


def _set(values: dict[str, Any], name: str, given: object, stored: str) -> None:
    """Set, keep or delete one value."""
    values[name] = stored if is_echo(given) else given or None


def _replaced(stored: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, str]:
    """Variables are replaced as a whole; the echo of one that is not stored says nothing."""
    kept = {name: stored.get(name) if is_echo(value) else str(value) for name, value in given.items()}
    return {name: value for name, value in kept.items() if value is not None}


def _change_git(secret: TownSecret, given: Mapping[str, Any]) -> dict[str, Any]:
    """What is named is merged."""
    values = secret.git_auth
    for name in GIT_SECRETS:
        if name in given:
            _set(values, name, given[name], str(values.get(name) or ""))
    if OAUTH in given:
        values[OAUTH] = _change_oauth(values.get(OAUTH), given[OAUTH]) if given[OAUTH] else None
    return {name: value for name, value in values.items() if value}


def _change_oauth(stored: object, given: Mapping[str, Any]) -> dict[str, Any]:
    """A pair is replaced as a whole; echoes keep what was stored."""
    before = stored if isinstance(stored, dict) else {}
    pair: dict[str, Any] = {name: _kept(given.get(name), before.get(name)) for name in OAUTH_TEXTS}
    is_same = pair["access_token"] == before.get("access_token")
    expires = given.get("expires_at") or (before.get("expires_at") if is_same else None)
    pair["expires_at"] = expires.isoformat() if isinstance(expires, datetime) else expires
    if not pair["access_token"] and not pair["refresh_token"]:
        raise Invalid("A GitLab OAuth pair needs a refresh token", field="git_auth.gitlab_oauth.refresh_token")
    if pair["refresh_token"] and not pair["client_id"]:
        raise Invalid("A refresh token is of use with its client id", field="git_auth.gitlab_oauth.client_id")
    return pair


def _kept(given: object, stored: object) -> str:
    return str((stored if is_echo(given) else given) or "")


def _bind(before: TownSecret, after: TownSecret, site: str) -> TownSecret:
    """Bind GitLab's tokens to their instance: no change of the address sends old tokens to a new host."""
    git = after.git_auth
    mine = [name for name in ("gitlab_token", OAUTH) if git.get(name)]
    if not mine:
        git.pop(GITLAB_SITE, None)
    elif git.get(GITLAB_SITE, site) != site and any(git[name] == before.git_auth.get(name) for name in mine):
        raise Invalid(
            "The stored GitLab tokens belong to another instance: give new ones with the new address, or delete them",
            field="git_auth.gitlab_instance_url",
        )
    else:
        git[GITLAB_SITE] = site
    rest = {name: value for name, value in after.values.items() if name != "git_auth"}
    return TownSecret({**rest, "git_auth": git} if git else rest)
