"""What administrators do with credentials: give tokens, let them expire, register apps and OAuth clients."""

import secrets
from typing import Any

from tests.support.forge.hands import Facts, Hands, locked
from tests.support.forge.requests import fresh_number
from tests.support.forge.tokens import App, Client, Installation, Token


class Keepers(Hands):
    """The moves of administrators."""

    @locked
    def add_token(self, login: str = "bot", value: str | None = None, **more: Any) -> str:
        """Give out a token; `more` may be kind, permissions, scopes, projects, expires_in (seconds)."""
        seconds = more.pop("expires_in", None)
        expires = None if seconds is None else self._world.now() + float(seconds)
        sets = {name: set(more[name]) for name in {"scopes", "projects"} & more.keys()}
        made = Token(value=value or f"pat_{secrets.token_hex(16)}", login=login, expires_at=expires, **(more | sets))
        return self._world.credentials.add(made).value

    @locked
    def expire_token(self, value: str) -> None:
        """Let a token be over now."""
        self._world.credentials.tokens[value].expires_at = self._world.now()

    @locked
    def revoke_token(self, value: str) -> None:
        """Take a token back."""
        self._world.credentials.tokens[value].revoked = True

    @locked
    def expire_all(self, kind: str | None = None) -> int:
        """Let all tokens (of a kind) be over now; how many."""
        found = [token for token in self._world.credentials.tokens.values() if kind in {None, token.kind}]
        for token in found:
            token.expires_at = self._world.now()
        return len(found)

    @locked
    def add_app(self, number: str, public_key: str, client_id: str = "") -> None:
        """Register a GitHub App by its public key (PEM)."""
        self._world.credentials.apps[number] = App(number=number, public_key=public_key, client_id=client_id)

    @locked
    def install(
        self, app: str, account: str, projects: list[str], permissions: dict[str, str] | None = None, number: int = 0
    ) -> int:
        """Install an app on projects; the installation's number."""
        made = Installation(number=number or fresh_number(), account=account, projects=set(projects))
        made.permissions = permissions or made.permissions
        self._world.credentials.apps[app].installations[made.number] = made
        return made.number

    @locked
    def suspend(self, app: str, number: int, *, suspended: bool = True) -> None:
        """Suspend an installation, or end that."""
        self._world.credentials.apps[app].installations[int(number)].suspended = suspended

    @locked
    def uninstall(self, app: str, number: int) -> None:
        """Take an installation away."""
        del self._world.credentials.apps[app].installations[int(number)]

    @locked
    def add_client(self, number: str, secret: str) -> None:
        """Register a GitLab OAuth application."""
        self._world.credentials.clients[number] = Client(number=number, secret=secret)

    @locked
    def grant(self, login: str = "bot", scopes: list[str] | None = None, projects: list[str] | None = None) -> Facts:
        """An OAuth pair of GitLab, as if somebody had just agreed."""
        reached = set(projects) if projects is not None else None
        access, refresh = self._world.credentials.grant(login, self._world.now(), set(scopes or ["api"]), reached)
        return {"access_token": access.value, "refresh_token": refresh, "expires_at": access.expires_at}
