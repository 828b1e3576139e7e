"""Who the person is: the subject of a token by any OIDC issuer, or of one signed with a shared secret (local use)."""

from functools import cache
from typing import Any

import jwt
from aws_lambda_powertools.event_handler.api_gateway import BaseRouter

from gastown import bootstrap
from gastown.api.request_log import name_user
from gastown.domain.errors import Unauthorized, Unavailable

ASYMMETRIC = ["RS256", "RS384", "RS512", "ES256", "ES384", "PS256", "EdDSA"]
KEYS_SECONDS = 300.0
"""How long an issuer's keys are remembered: a key that it withdraws is refused after that time."""

LOOK_AGAIN_SECONDS = 5.0
"""Least time between two looks for a key that is not among them, so that forged tokens cannot have the issuer asked."""

OURS = frozenset({"agent", "container"})
"""Scopes of tokens that this service signs itself."""


def bearer(router: BaseRouter) -> str:
    """The request's bearer token. Raises `Unauthorized`."""
    scheme, _, token = str(router.current_event.headers.get("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("Authentication required")
    return token.strip()


def is_ours(token: str) -> bool:
    """Whether a token says that it is an agent's or a container's; proves nothing, only chooses who checks it."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return False
    return claims.get("scope") in OURS


def user(router: BaseRouter) -> str:
    """The calling person's id. Raises `Unauthorized`, and `Unavailable` when the issuer's keys cannot be read."""
    claims = _verified(bearer(router))
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject or claims.get("scope") in OURS:
        raise Unauthorized("Invalid token payload")
    name_user(subject)
    return subject


def _verified(token: str) -> dict[str, Any]:
    now = bootstrap.clock().now().timestamp()
    try:
        claims = _by_issuer(token) if bootstrap.settings().oidc_issuer else _by_secret(token)
    except jwt.PyJWKClientConnectionError as away:
        raise Unavailable("The token issuer's keys cannot be read", retry_after=5) from away
    except jwt.InvalidSignatureError as forged:
        raise Unauthorized("Invalid token signature") from forged
    except (jwt.InvalidTokenError, jwt.PyJWKClientError) as refused:
        raise Unauthorized("Invalid token") from refused
    expires = claims.get("exp")
    if not isinstance(expires, int | float) or expires <= now:
        raise Unauthorized("Token expired")
    return claims


def _by_secret(token: str) -> dict[str, Any]:
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
    last: jwt.InvalidTokenError = jwt.InvalidTokenError("no secret")
    if not (arn := bootstrap.settings().user_secret_arn):
        raise Unavailable("This deployment knows nobody: give it OidcIssuer or SharedUserSecret", retry_after=60)
    for secret in bootstrap.secrets().get(arn):
        try:
            claims: dict[str, Any] = jwt.decode(token, secret, algorithms=["HS256"], options=options)
        except jwt.InvalidTokenError as refused:
            last = refused
        else:
            return claims
    raise last


def _by_issuer(token: str) -> dict[str, Any]:
    chosen = bootstrap.settings()
    key = _keys(chosen.jwks_url or f"{chosen.oidc_issuer.rstrip('/')}/.well-known/jwks.json")
    claims: dict[str, Any] = jwt.decode(
        token,
        key.get_signing_key_from_jwt(token).key,
        algorithms=ASYMMETRIC,
        issuer=chosen.oidc_issuer,
        audience=chosen.oidc_audience or None,
        options={"verify_exp": False, "verify_aud": bool(chosen.oidc_audience)},
    )
    return claims


@cache
def _keys(url: str) -> jwt.PyJWKClient:
    return jwt.PyJWKClient(url, lifespan=KEYS_SECONDS, cooldown_duration=LOOK_AGAIN_SECONDS, timeout=3)
