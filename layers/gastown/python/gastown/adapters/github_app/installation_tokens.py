"""Installation tokens from GitHub's REST API, each limited to one repository.

https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app and
https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
"""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import jwt

from gastown.adapters.http.provider_http import Call, ProviderHttp
from gastown.adapters.http.shapes import Shape, shaped
from gastown.domain.pull import HttpError, InvalidResponse, Provider, Repository
from gastown.ports.clock import Clock
from gastown.ports.installation_tokens import AppKey, AppKind, InstallationToken, MintFailure, MintRefused

if TYPE_CHECKING:
    import httpx

PUBLIC_API: Final = "https://api.github.com"
API_VERSION: Final = "2022-11-28"
LIFETIME: Final = timedelta(minutes=9)
CLOCK_DRIFT: Final = timedelta(seconds=60)
"""An App's own token lives for at most 10 minutes and should be issued a minute ago."""

READING: Final = {"contents": "read", "metadata": "read", "pull_requests": "read"}
"""What a `lite` token asks for; a `standard` one gets what the App was given."""

TOKEN_CHARACTERS: Final = 2_000
"""Longer than any token; their length is not fixed."""


class Minted(Shape):
    """What is read of a new token."""

    token: str
    expires_at: datetime


class GitHubInstallationTokens:
    """Mints at the configured API and nowhere else."""

    def __init__(
        self, *, clock: Clock, api_url: str = PUBLIC_API, transport: "httpx.BaseTransport | None" = None
    ) -> None:
        """Keep where GitHub is; nothing is opened before the first call."""
        self._http = ProviderHttp(provider=Provider.GITHUB, clock=clock, transport=transport)
        self._api, self._clock = api_url.rstrip("/"), clock

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def mint(
        self, app: AppKey, installation: str, repository: Repository, kind: AppKind
    ) -> InstallationToken | MintRefused:
        """A new token for this repository only."""
        if not (installation.isascii() and installation.isdecimal()):
            return MintRefused(why=MintFailure.NO_INSTALLATION)
        try:
            proof = self._proof(app)
        except (jwt.PyJWTError, ValueError, TypeError):
            # Its cause may quote the key: it is not told.
            return MintRefused(why=MintFailure.BAD_KEY)
        headers = {
            "accept": "application/vnd.github+json",
            "authorization": f"Bearer {proof}",
            "x-github-api-version": API_VERSION,
        }
        body: dict[str, object] = {"repositories": [repository.name]}
        if kind is AppKind.LITE:
            body["permissions"] = READING
        url = f"{self._api}/app/installations/{installation}/access_tokens"
        answer = self._http.converse(proof, headers).send(Call(method="POST", url=url, body=body))
        if isinstance(answer, HttpError):
            return MintRefused(why=_why(answer), answer=answer)
        return _read(answer.body)

    def _proof(self, app: AppKey) -> str:
        now = self._clock.now()
        claims = {
            "iss": app.app_id,
            "iat": int((now - CLOCK_DRIFT).timestamp()),
            "exp": int((now + LIFETIME - CLOCK_DRIFT).timestamp()),
        }
        return jwt.encode(claims, app.private_key, algorithm="RS256")


def _read(body: bytes) -> InstallationToken | MintRefused:
    """A token that can stand in a header."""
    minted = shaped(Provider.GITHUB, Minted, body)
    if isinstance(minted, InvalidResponse) or minted.expires_at.tzinfo is None:
        return MintRefused(why=MintFailure.UNREADABLE)
    is_plain = minted.token.isascii() and minted.token.isprintable() and " " not in minted.token
    if not minted.token or not is_plain or len(minted.token) > TOKEN_CHARACTERS:
        return MintRefused(why=MintFailure.EMPTY)
    return InstallationToken(value=minted.token, expires_at=minted.expires_at)


def _why(answer: HttpError) -> MintFailure:
    """404: no such installation. 401: the key. 403, 422 about the repository: not in the installation (facts, 2.1)."""
    said = answer.text.lower()
    if answer.transient:
        return MintFailure.UNANSWERED
    match answer.status:
        case HTTPStatus.NOT_FOUND:
            return MintFailure.NO_INSTALLATION
        case HTTPStatus.UNAUTHORIZED:
            return MintFailure.BAD_KEY
        case HTTPStatus.FORBIDDEN if "not accessible" in said:
            return MintFailure.NO_REPOSITORY
        case HTTPStatus.UNPROCESSABLE_ENTITY if "accessible" in said or "repositor" in said:
            return MintFailure.NO_REPOSITORY
    return MintFailure.DENIED
