"""Who may do what: personal tokens, GitHub App installations, GitLab OAuth pairs. All of them can expire."""

import secrets
from dataclasses import dataclass, field
from typing import Any

import jwt

LEVELS = {"read": 1, "write": 2, "admin": 3}
INSTALLATION_SECONDS = 3600  # docs.github.com: an installation access token expires after one hour
JWT_SECONDS = 600  # docs.github.com: "The time must be no more than 10 minutes into the future"
OAUTH_SECONDS = 7200  # docs.gitlab.com/api/oauth2: "expires_in": 7200
SCOPES = {
    "api": {"read_api", "read_repository", "write_repository", "read_user"},
    "read_api": {"read_user"},
    "write_repository": {"read_repository"},
}
PERMISSIONS = {"metadata": "read", "contents": "write", "pull_requests": "write", "checks": "read", "statuses": "read"}


class BadCredentials(Exception):
    """Unknown, expired, revoked or forged; the message says which, as the provider would."""


@dataclass(kw_only=True)
class Token:
    """A credential. `permissions` None allows all (GitHub), `projects` None means all; times are epoch seconds."""

    value: str
    login: str
    kind: str = "personal"
    permissions: dict[str, str] | None = None
    scopes: set[str] = field(default_factory=lambda: {"api"})
    projects: set[str] | None = None
    expires_at: float | None = None
    revoked: bool = False

    def reaches(self, path: str) -> bool:
        """Whether this token knows of the project at this path."""
        return self.projects is None or path.lower() in {project.lower() for project in self.projects}

    def permits(self, needed: str) -> bool:
        """Whether it has a GitHub permission such as `contents:write`; nothing needed is always permitted."""
        name, _, level = needed.partition(":")
        if not name or self.permissions is None:
            return True
        return LEVELS.get(self.permissions.get(name, ""), 0) >= LEVELS[level]

    def has_scope(self, needed: str) -> bool:
        """Whether it has a GitLab scope, or one that includes it."""
        return not needed or needed in self.scopes or any(needed in SCOPES.get(scope, ()) for scope in self.scopes)


@dataclass(kw_only=True)
class Installation:
    """An installation of a GitHub App on some repositories."""

    number: int
    account: str
    projects: set[str]
    permissions: dict[str, str] = field(default_factory=lambda: dict(PERMISSIONS))
    suspended: bool = False


@dataclass(kw_only=True)
class App:
    """A GitHub App: its id, client id, public key (PEM) and installations by number."""

    number: str
    public_key: str
    client_id: str = ""
    installations: dict[int, Installation] = field(default_factory=dict)

    def verify(self, assertion: str, now: float) -> dict[str, Any]:
        """Check an app's JWT: RS256, ours, fresh, of 10 minutes at most. Raises `BadCredentials`.

        https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
        """
        lenient = {"verify_exp": False, "verify_iat": False, "require": ["iat", "exp", "iss"]}
        try:
            claims: dict[str, Any] = jwt.decode(assertion, self.public_key, ["RS256"], options=lenient)  # type: ignore[arg-type]
        except jwt.PyJWTError as error:
            raise BadCredentials("A JSON web token could not be decoded") from error
        if str(claims["iss"]) not in {self.number, self.client_id}:
            raise BadCredentials("Integration not found")
        if claims["exp"] <= now:
            raise BadCredentials("'Expiration time' claim ('exp') must be a numeric value representing the future time")
        if claims["exp"] > now + JWT_SECONDS:
            raise BadCredentials("'Expiration time' claim ('exp') is too far in the future")
        if claims["iat"] > now + 1:
            raise BadCredentials("'Issued at' claim ('iat') must be an Integer representing the time of the assertion")
        return claims


@dataclass(kw_only=True)
class Client:
    """An OAuth application of GitLab."""

    number: str
    secret: str


@dataclass(kw_only=True)
class Credentials:
    """Every token that was ever given, the apps and the OAuth clients."""

    tokens: dict[str, Token] = field(default_factory=dict)
    apps: dict[str, App] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    refresh: dict[str, Token] = field(default_factory=dict)

    def add(self, token: Token) -> Token:
        """Keep a token."""
        self.tokens[token.value] = token
        return token

    def installation_on(self, path: str) -> int | None:
        """The number of an installation that reaches this project."""
        for app in self.apps.values():
            for installation in app.installations.values():
                if path.lower() in {project.lower() for project in installation.projects}:
                    return installation.number
        return None

    def find(self, value: str, now: float) -> Token:
        """The token of this value. Raises `BadCredentials`."""
        token = self.tokens.get(value)
        if token is None:
            raise BadCredentials("unknown")
        if token.revoked:
            raise BadCredentials("revoked")
        if token.expires_at is not None and token.expires_at <= now:
            raise BadCredentials("expired")
        return token

    def mint(
        self, installation: Installation, now: float, projects: set[str] | None, permissions: dict[str, str] | None
    ) -> Token:
        """An installation token, narrowed to projects and permissions that the caller has checked."""
        return self.add(
            Token(
                value=f"ghs_{secrets.token_hex(18)}",
                login=f"app-of-{installation.account}[bot]",
                kind="installation",
                permissions=dict(permissions or installation.permissions),
                projects=set(projects or installation.projects),
                expires_at=now + INSTALLATION_SECONDS,
            )
        )

    def grant(self, login: str, now: float, scopes: set[str], projects: set[str] | None) -> tuple[Token, str]:
        """A new OAuth pair of GitLab: the access token, and the refresh token that renews it once."""
        access = self.add(
            Token(
                value=secrets.token_hex(32),
                login=login,
                kind="oauth",
                scopes=scopes,
                projects=projects,
                expires_at=now + OAUTH_SECONDS,
            )
        )
        refresh = secrets.token_hex(32)
        self.refresh[refresh] = access
        return access, refresh

    def renew(self, refresh: str, now: float) -> tuple[Token, str]:
        """Trade a refresh token for a new pair; the old pair is void. Raises `BadCredentials`."""
        old = self.refresh.pop(refresh, None)
        if old is None:
            raise BadCredentials("invalid_grant")
        old.revoked = True
        return self.grant(old.login, now, old.scopes, old.projects)
