"""Every request that reached the forge, so that a test can count them and see where a token went."""

import base64
import re
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.support.forge.exchange import Request


@dataclass(kw_only=True)
class Entry:
    """One request. `token` is the credential that it carried in whatever header; `fault` what was done to it."""

    number: int
    method: str
    path: str
    host: str
    token: str | None
    at: float
    query: dict[str, str] = field(default_factory=dict)
    operation: str | None = None
    agent: str = ""
    status: int = 0
    fault: str | None = None
    cost: int = 0


@dataclass(kw_only=True)
class Journal:
    """The entries, oldest first."""

    entries: list[Entry] = field(default_factory=list)

    def seen(self, method: str | None = None, path: str = "", host: str | None = None) -> list[Entry]:
        """The entries of this method and host whose path the expression `path` finds something in."""
        return [
            entry
            for entry in self.entries
            if method in {None, entry.method} and host in {None, entry.host} and re.search(path, entry.path)
        ]

    def tokens_at(self, host: str) -> set[str]:
        """The tokens that a host was told."""
        return {entry.token for entry in self.entries if entry.host == host and entry.token}

    def spent(self) -> int:
        """How much quota all of it cost."""
        return sum(entry.cost for entry in self.entries)

    def clear(self) -> None:
        """Forget what was seen."""
        self.entries.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """All entries as plain values."""
        return [asdict(entry) for entry in self.entries]


def entry_of(request: Request, now: float, number: int) -> Entry:
    """Write a request down, with the credential that it carries in any of the usual places."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        value = base64.b64decode(value).decode(errors="replace").partition(":")[2]
    return Entry(
        number=number,
        method=request.method,
        path=request.path,
        query=dict(request.query),
        host=request.host,
        token=value or request.headers.get("private-token") or request.query.get("private_token"),
        agent=request.headers.get("user-agent", ""),
        operation=_operation(request),
        at=now,
    )


def _operation(request: Request) -> str | None:
    """The name of a GraphQL operation."""
    if not request.path.endswith("/graphql"):
        return None
    found = re.search(rb"(?:query|mutation)\s+(\w+)", request.body)
    return found[1].decode() if found else None
