"""Tokens of the stack's GitHub App for one repository: remembered while that is safe, else minted.

The App's secret is `{"app_id": "…", "private_key": "-----BEGIN…"}`. It may have a third name,
`"installations": {"<id>": ["<user id>"]}`: then an installation mints only for towns of the people listed with it.
"""

import json
from collections.abc import Iterator
from typing import Any

from gastown.domain.errors import NotFound
from gastown.domain.pull import Repository
from gastown.domain.town import Town
from gastown.metrics import Metric
from gastown.observability import count, logger
from gastown.ports.installation_tokens import AppKey, AppKind, InstallationToken, MintFailure, MintRefused
from gastown.usecases.token_cache import TokenCache, key_of
from gastown.usecases.vault import LiveSources, Vault

NOT_BOUND = "this stack has no GitHub App"
NO_KEY = "the secret of the GitHub App is not there"
BROKEN_KEY = "the secret of the GitHub App cannot be read"
NOT_YOURS = "this installation is not for this town's owner"


class NoGrantError(Exception):
    """An integration gave no token; its text says why."""

    def __init__(self, why: str, refused: MintRefused | None = None) -> None:
        """Keep what was refused, if GitHub was asked."""
        super().__init__(why)
        self.refused = refused


def grant(
    vault: Vault, town: Town, installation: str, repository: Repository, *, kind: AppKind, fresh: bool
) -> InstallationToken:
    """A token of this installation for this repository; `fresh` takes no remembered one.

    Raises `NoGrantError`, `Unavailable` when vault or table did not answer.
    """
    if vault.live is None or not vault.live.app_secret:
        raise NoGrantError(NOT_BOUND)
    apps = list(_apps(vault, vault.live, town, installation))
    cache = _cache(vault, vault.live, town)
    key = key_of(installation, kind, repository.path)
    if not fresh and (known := cache.find(key)) is not None:
        return known
    minted = _mint(vault.live, apps, (installation, repository, kind))
    count(Metric.TOKENS_MINTED, kind="refused" if isinstance(minted, MintRefused) else kind.value)
    if isinstance(minted, MintRefused):
        cache.forget(key)
        raise NoGrantError(minted.why.value, minted)
    cache.keep(key, minted)
    return minted


def _cache(vault: Vault, live: LiveSources, town: Town) -> TokenCache:
    signing = vault.secrets.get(vault.signing_secret)
    return TokenCache(store=live.store, town_id=town.id, secrets=signing, now=live.clock.now())


def _mint(
    live: LiveSources, apps: list[AppKey], wish: tuple[str, Repository, AppKind]
) -> InstallationToken | MintRefused:
    """Ask with the App's newest key, and with the one before if GitHub does not know it (any more, or yet)."""
    installation, repository, kind = wish
    answer: InstallationToken | MintRefused = MintRefused(why=MintFailure.BAD_KEY)
    for app in apps:
        answer = live.installations().mint(app, installation, repository, kind)
        if isinstance(answer, InstallationToken) and not answer.value:
            return MintRefused(why=MintFailure.EMPTY)
        if not isinstance(answer, MintRefused) or answer.why is not MintFailure.BAD_KEY:
            return answer
    return answer


def _apps(vault: Vault, live: LiveSources, town: Town, installation: str) -> Iterator[AppKey]:
    """The App's keys, newest first. Raises `NoGrantError`."""
    try:
        versions = vault.secrets.get(live.app_secret)
    except NotFound as missing:
        raise NoGrantError(NO_KEY) from missing
    for position, text in enumerate(versions):
        try:
            app = _read(text)
        except ValueError:
            if position == 0:
                logger().error("the GitHub App's secret cannot be read")
                raise NoGrantError(BROKEN_KEY) from None
            continue
        owners = app.get("installations") if position == 0 else None  # who may is said by the newest version alone
        if isinstance(owners, dict) and town.owner_user_id not in (owners.get(installation) or ()):
            raise NoGrantError(NOT_YOURS)
        yield AppKey(app_id=str(app["app_id"]), private_key=str(app["private_key"]))


def _read(text: str) -> dict[str, Any]:
    """The App's secret; raises `ValueError` without its text."""
    app = json.loads(text)
    if not isinstance(app, dict) or not app.get("app_id") or not app.get("private_key"):
        raise ValueError("no app id or no key")
    return app
