"""Which token a rig's provider is asked with: one order for everybody who needs one (REQ-4.1 to 4.8).

GitHub: the person's PAT; the live integration, the town's, else the rig's; the stored token as the last resort, with a
warning, unless the town turned it off (`infra/decisions/0014-credentials-are-resolved-at-each-use.md`). GitLab: the
access token; the OAuth pair. Where nothing is found, the sources are told in the order in which they were tried, each
with why.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from gastown.domain.errors import Conflict, Unavailable
from gastown.domain.instances import parse_instance
from gastown.domain.pull import HttpError, NoToken, Provider, Repository
from gastown.domain.rig import Rig
from gastown.domain.town import Town
from gastown.observability import logger
from gastown.ports.installation_tokens import AppKind
from gastown.ports.oauth_tokens import OAuthPair
from gastown.usecases.installation_grants import NoGrantError, grant
from gastown.usecases.oauth_grants import NoPairError, living_pair
from gastown.usecases.town_secrets import GITLAB_SITE
from gastown.usecases.vault import TownSecret, Vault

PAT = "town.github_cli_pat"
TOWN_INTEGRATION = "town platform integration"
RIG_INTEGRATION = "rig platform integration"
NO_INTEGRATION = "platform integration (none configured)"
STORED = "town.git_auth.github_token"
GITLAB_TOKEN = "town.git_auth.gitlab_token"  # noqa: S105 - a label
GITLAB_OAUTH = "town.git_auth.gitlab_oauth"

JUST_FAILED = "just failed"
OTHER_INSTANCE = "it belongs to another instance"
TURNED_OFF = "turned off by git_auth.allow_stored_token"

GITHUB_USER = "x-access-token"
GITLAB_USER = "oauth2"
"""The user names that go with tokens in git over HTTPS; a personal token takes any."""


@dataclass(frozen=True, kw_only=True)
class GitToken:
    """A token, never shown, where it came from, and when it ends, if that is known."""

    value: str = field(repr=False)
    source: str
    provider: Provider
    username: str
    expires_at: datetime | None = None


class TokenUnavailable(Unavailable):
    """The source did not answer, and asking again can help; `refusal` is the same, as pollers count it."""

    def __init__(self, refusal: HttpError) -> None:
        """Keep what the source said."""
        super().__init__(f"No token now: {refusal.text}", retry_after=5)
        self.refusal = refusal


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One question for a token: for which repository, whether a remembered one will do, and which one just failed."""

    vault: Vault
    town: Town
    rig: Rig
    repository: Repository
    secret: TownSecret = field(repr=False)
    kind: AppKind = AppKind.STANDARD
    fresh: bool = False
    failed: str = ""

    def takes(self, value: str) -> bool:
        """Whether this token may be the answer: there is one, and it is not the one that just failed."""
        return bool(value) and fingerprint(value) != self.failed

    def label(self, source: str, value: str, why: str = "") -> str:
        """A source that gave nothing, with why if there is more to say than that it is empty."""
        reason = JUST_FAILED if value and not self.takes(value) else why
        return f"{source} ({reason})" if reason else source


def fingerprint(token: str) -> str:
    """How a token that failed is named without being sent."""
    return hashlib.sha256(token.encode()).hexdigest()


def resolve(  # noqa: PLR0913 - what is asked for, and how fresh it has to be
    vault: Vault,
    town: Town,
    rig: Rig,
    *,
    secret: TownSecret | None = None,
    kind: AppKind = AppKind.STANDARD,
    fresh: bool = False,
    failed: str = "",
) -> GitToken | NoToken:
    """The token for a rig's repository now, or every source that was tried.

    The town's secret is read now, unless it is given because it was read for this very use. `fresh` takes no minted
    token that is remembered, and `failed` is the fingerprint of a token that is not to come again. Raises
    `TokenUnavailable` and `Unavailable` where asking again can help, `Conflict` if the repository is at neither
    provider or the town's secret cannot be read.
    """
    repository = vault.repository(town, rig)
    if repository is None:
        raise Conflict("The rig's repository is neither at GitHub nor at the town's GitLab")
    secret = vault.town_secret(town.id, fresh=True) if secret is None else secret
    ask = Ask(
        vault=vault, town=town, rig=rig, repository=repository, secret=secret, kind=kind, fresh=fresh, failed=failed
    )
    return CHAINS[repository.provider](ask)


def _github(ask: Ask) -> GitToken | NoToken:
    pat = ask.secret.text("github_cli_pat")
    if ask.takes(pat):
        return _token(ask, pat, PAT)
    found = _integration(ask)
    if isinstance(found, GitToken):
        return found
    stored = _stored(ask)
    is_allowed = ask.town.config.git_auth.allow_stored_token
    if is_allowed and ask.takes(stored):
        logger().warning(
            "stored GitHub token used", extra={"town_id": ask.town.id, "source": STORED, "after": str(found)}
        )
        return _token(ask, stored, STORED)
    if isinstance(found, TokenUnavailable):
        raise found
    return _none(ask, [ask.label(PAT, pat), found, ask.label(STORED, stored, "" if is_allowed else TURNED_OFF)])


def _integration(ask: Ask) -> "GitToken | str | TokenUnavailable":
    """The live integration's token; or its label with why there is none, or what asking again can mend."""
    own = ask.town.config.git_auth.platform_integration_id
    installation = own or ask.rig.overrides.platform_integration_id
    if not installation:
        return NO_INTEGRATION
    source = TOWN_INTEGRATION if own else RIG_INTEGRATION
    try:
        found = grant(ask.vault, ask.town, installation, ask.repository, kind=ask.kind, fresh=ask.fresh)
    except NoGrantError as none:
        answer = none.refused.answer if none.refused else None
        logger().warning(
            "integration gave no token", extra={"town_id": ask.town.id, "source": source, "reason": str(none)}
        )
        return TokenUnavailable(answer) if answer is not None and answer.transient else f"{source} ({none})"
    return _token(ask, found.value, source, found.expires_at) if ask.takes(found.value) else f"{source} ({JUST_FAILED})"


def _gitlab(ask: Ask) -> GitToken | NoToken:
    site = ask.secret.git_auth.get(GITLAB_SITE)
    if site and site != parse_instance(ask.town.config.git_auth.gitlab_instance_url):
        return _none(ask, [f"{GITLAB_TOKEN} ({OTHER_INSTANCE})"])
    token = str(ask.secret.git_auth.get("gitlab_token") or "") or _login(ask)
    if ask.takes(token):
        return _token(ask, token, GITLAB_TOKEN)
    tried, pair = [ask.label(GITLAB_TOKEN, token)], ask.secret.oauth
    if pair is None:
        return _none(ask, tried)
    found = _renew(ask, pair)
    return found if isinstance(found, GitToken) else _none(ask, [*tried, f"{GITLAB_OAUTH} ({found})"])


def _renew(ask: Ask, pair: OAuthPair) -> GitToken | str:
    """The living OAuth token, or why there is none; what asking again can mend is raised."""
    instance = parse_instance(ask.town.config.git_auth.gitlab_instance_url)
    renews = bool(pair.access_token) and not ask.takes(pair.access_token)
    try:
        found = living_pair(ask.vault, ask.town.id, instance, pair, renews=renews)
    except NoPairError as none:
        if none.answer is not None and none.answer.transient:
            raise TokenUnavailable(none.answer) from none
        logger().warning(
            "GitLab OAuth gave no token", extra={"town_id": ask.town.id, "source": GITLAB_OAUTH, "reason": str(none)}
        )
        return str(none)
    return _token(ask, found.access_token, GITLAB_OAUTH, found.expires_at)


CHAINS: dict[Provider, Callable[[Ask], GitToken | NoToken]] = {Provider.GITHUB: _github, Provider.GITLAB: _gitlab}


def _stored(ask: Ask) -> str:
    return str(ask.secret.git_auth.get("github_token") or "") or _login(ask)


def _login(ask: Ask) -> str:
    """What older towns keep under their provider's host."""
    found = ask.secret.login(ask.repository.host)
    return found[1] if found else ""


def _token(ask: Ask, value: str, source: str, expires_at: datetime | None = None) -> GitToken:
    provider = ask.repository.provider
    user = GITHUB_USER if provider is Provider.GITHUB else GITLAB_USER
    return GitToken(value=value, source=source, provider=provider, username=user, expires_at=expires_at)


def _none(ask: Ask, tried: list[str]) -> NoToken:
    logger().info("no token", extra={"town_id": ask.town.id, "rig_id": ask.rig.id, "tried": tried})
    return NoToken(provider=ask.repository.provider, tried=tuple(tried))
