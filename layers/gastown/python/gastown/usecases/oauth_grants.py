"""A town's GitLab OAuth pair: used while it lives, renewed before it ends, never lost by two who renew at once.

GitLab ends a pair by its renewal and takes a refresh token once. So a new pair is stored before it is used, and who
comes second and is told `invalid_grant` reads the secret anew: the winner's pair is there, or will be in a moment.
No writer of ours overwrites another; an operator who puts the whole secret can, and the version before stays live. So a
pair is looked for in both.
"""

from datetime import datetime, timedelta

from gastown.domain.errors import Unavailable
from gastown.domain.pull import HttpError
from gastown.metrics import Metric
from gastown.observability import count, logger
from gastown.ports.oauth_tokens import OAuthPair, RefreshFailure, RefreshRefused
from gastown.usecases.vault import LiveSources, TownSecret, Vault

MARGIN = timedelta(minutes=5)
"""A pair with less to live is renewed (source-control facts, 2.1)."""

LOOKS = 3
LOOK_SECONDS = 0.5
"""How often, and how far apart, the secret is read for the pair of somebody who renewed at the same moment."""

STORES = 3
"""How often a new pair is tried to be stored: the old one has ended."""

REMOVED = "removed meanwhile"
EXPIRED = "expired, and there is no refresh token"
NOT_BOUND = "this stack renews no tokens"


class NoPairError(Exception):
    """There is no living pair; its text says why."""

    def __init__(self, why: str, answer: HttpError | None = None) -> None:
        """Keep what the instance answered, if it was asked."""
        super().__init__(why)
        self.answer = answer


def living_pair(vault: Vault, town_id: str, instance: str, pair: OAuthPair, *, renews: bool) -> OAuthPair:
    """This pair, or its successor; `renews` when its access token is not to be used any more.

    Raises `NoPairError`, `Unavailable` when the secret could not be read or stored.
    """
    live = vault.live
    if not renews and (live is None or _lives(pair, live.clock.now())):
        return pair
    if live is None:
        raise NoPairError(NOT_BOUND)
    stored = vault.town_secret(town_id, fresh=True).oauth
    if stored is not None and stored != pair and _lives(stored, live.clock.now()):
        return stored  # somebody renewed since our copy was read
    used = stored or pair
    if not used.refresh_token:
        raise NoPairError(EXPIRED)
    answer = live.oauth().refresh(instance, used)
    count(Metric.TOKENS_RENEWED, kind=answer.why.name.lower() if isinstance(answer, RefreshRefused) else "renewed")
    if isinstance(answer, OAuthPair):
        return _store(vault, live, town_id, used, answer)
    if answer.why is RefreshFailure.INVALID_GRANT and (other := _await_other(vault, live, town_id, used)):
        return other
    raise NoPairError(answer.why.value, answer.answer)


def _lives(pair: OAuthPair, now: datetime) -> bool:
    """A pair of unknown age with a refresh token is renewed at once, so that its age is known."""
    if not pair.access_token:
        return False
    return not pair.refresh_token if pair.expires_at is None else pair.expires_at - now > MARGIN


def _store(vault: Vault, live: LiveSources, town_id: str, used: OAuthPair, fresh: OAuthPair) -> OAuthPair:
    """Store the new pair, unless a person has put another one there meanwhile. Raises `Unavailable`."""

    def place(secret: TownSecret) -> TownSecret:
        if secret.oauth is None:
            raise NoPairError(REMOVED)
        is_other = secret.oauth.refresh_token != used.refresh_token
        return secret if is_other and _lives(secret.oauth, live.clock.now()) else secret.with_oauth(fresh)

    for attempt in range(1, STORES + 1):
        try:
            return vault.change(town_id, place).oauth or fresh
        except Unavailable:
            if attempt == STORES:
                logger().error("a renewed GitLab token could not be stored", extra={"town_id": town_id})
                raise
            live.sleep(LOOK_SECONDS)
    raise AssertionError("unreachable")


def _await_other(vault: Vault, live: LiveSources, town_id: str, used: OAuthPair) -> OAuthPair | None:
    """The pair of who renewed at the same moment, from either live version of the secret."""
    for look in range(LOOKS):
        if look:
            live.sleep(LOOK_SECONDS)
        pairs = [secret.oauth for secret in vault.versions(town_id, fresh=True)]
        for pair in pairs:
            if pair and pair.refresh_token != used.refresh_token and _lives(pair, live.clock.now()):
                _restore(vault, town_id, pair)
                return pair
    return None


def _restore(vault: Vault, town_id: str, pair: OAuthPair) -> None:
    """Put a pair back that another writer of the secret has overwritten."""

    def place(secret: TownSecret) -> TownSecret:
        is_lost = secret.oauth is not None and secret.oauth.refresh_token != pair.refresh_token
        return secret.with_oauth(pair) if is_lost else secret

    vault.change(town_id, place)
