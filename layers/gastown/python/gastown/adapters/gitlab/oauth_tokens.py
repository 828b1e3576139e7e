"""OAuth pairs of a GitLab instance, renewed by their refresh token.

A refresh ends the old pair, access token included: https://docs.gitlab.com/api/oauth2/#authorization-code-flow
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from gastown.adapters.http.provider_http import Call, ProviderHttp
from gastown.adapters.http.shapes import Shape, shaped
from gastown.domain.pull import HttpError, InvalidResponse, Provider
from gastown.ports.clock import Clock
from gastown.ports.oauth_tokens import OAuthPair, RefreshFailure, RefreshRefused

if TYPE_CHECKING:
    import httpx

USUAL_SECONDS: Final = 7200
"""How long an access token lives where the instance does not say."""


class Exchanged(Shape):
    """What is read of a new pair."""

    access_token: str
    refresh_token: str = ""
    expires_in: int | None = None
    created_at: int | None = None


class GitLabOAuthTokens:
    """Exchanges pairs at the instance that it is told, and nowhere else."""

    def __init__(self, *, clock: Clock, transport: "httpx.BaseTransport | None" = None) -> None:
        """Nothing is opened before the first call."""
        self._http = ProviderHttp(provider=Provider.GITLAB, clock=clock, transport=transport)
        self._clock = clock

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def refresh(self, instance: str, pair: OAuthPair) -> OAuthPair | RefreshRefused:
        """A new pair; the call carries its secrets in its body, as a form (RFC 6749, 6)."""
        form = {"grant_type": "refresh_token", "refresh_token": pair.refresh_token, "client_id": pair.client_id}
        if pair.client_secret:
            form["client_secret"] = pair.client_secret
        call = Call(method="POST", url=f"{instance.rstrip('/')}/oauth/token", form=form)
        answer = self._http.converse(pair.refresh_token, {"accept": "application/json"}).send(call)
        if isinstance(answer, HttpError):
            return RefreshRefused(why=_why(answer), answer=_plain(answer))
        found = shaped(Provider.GITLAB, Exchanged, answer.body)
        if isinstance(found, InvalidResponse) or not found.access_token:
            return RefreshRefused(why=RefreshFailure.UNREADABLE)
        begun = datetime.fromtimestamp(found.created_at, UTC) if found.created_at else self._clock.now()
        lasting = USUAL_SECONDS if found.expires_in is None else found.expires_in
        return OAuthPair(
            access_token=found.access_token,
            refresh_token=found.refresh_token or pair.refresh_token,
            expires_at=begun + timedelta(seconds=lasting),
            client_id=pair.client_id,
            client_secret=pair.client_secret,
        )


def _why(answer: HttpError) -> RefreshFailure:
    if answer.transient:
        return RefreshFailure.UNANSWERED
    return RefreshFailure.INVALID_GRANT if "invalid_grant" in answer.text else RefreshFailure.REFUSED


def _plain(answer: HttpError) -> HttpError:
    """The refusal without the instance's own words: they answer a call whose body is all secrets."""
    text = f"the OAuth token was not renewed (HTTP {answer.status})" if answer.status else answer.text
    return HttpError(
        provider=answer.provider,
        status=answer.status,
        text=text,
        transient=answer.transient,
        retry_at=answer.retry_at,
    )
