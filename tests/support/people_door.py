"""The people's and the operators' doors with a town in memory behind them, for tests that speak HTTP to them."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import jwt

from gastown.api import debug
from gastown.api.app import handle_agents, handle_people
from tests.support.fakes.secrets import MemorySecrets
from tests.support.stage import RIG, SECRET_ID, SIGNING_SECRET, TOWN, FakeContext, Stage

USERS_ID, USERS_SECRET = "arn:users", "a-secret-for-people-that-is-long-enough-for-hs256"
WEBHOOKS_ID, WEBHOOKS_SECRET = "arn:webhooks", "a-secret-for-webhooks"
USER = "user-1"
CALLBACKS = (
    "/mayor-id",
    "/container-eviction",
    "/container-events",
    "/drain-status",
    "/container-registry",
    "/refresh-container-token",
)
T, U = f"/api/towns/{TOWN}", f"/api/users/{USER}"
R = f"{T}/rigs/{RIG}"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Status, body and headers of one answer."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def data(self) -> Any:
        """What the envelope holds."""
        return self.body["data"]


class PeopleDoor(Stage):
    """A stage whose HTTP doors are asked as a user; `ask` sends one request."""

    def __init__(self, stage: str = "local") -> None:
        """Add the secret that people's tokens are signed with."""
        super().__init__()
        self.secrets = MemorySecrets({SECRET_ID: SIGNING_SECRET, USERS_ID: USERS_SECRET, WEBHOOKS_ID: WEBHOOKS_SECRET})
        self.settings = replace(
            self.settings,
            stage=stage,
            user_secret_arn=USERS_ID,
            webhook_secret_arn=WEBHOOKS_ID,
            table_prefix="x-town-",
        )

    def token(self, user: str = USER, *, secret: str = USERS_SECRET, hours: float = 1) -> str:
        """A person's token."""
        expires = self.now + timedelta(hours=hours)
        return jwt.encode({"sub": user, "exp": int(expires.timestamp())}, secret, algorithm="HS256")

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        key: str | None = None,
        more: dict[str, str] | None = None,
    ) -> Answer:
        """One request by the owner, or with another token; an empty token sends none. `more` are other headers."""
        token = self.token() if token is None else token
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
        headers |= ({"idempotency-key": key} if key else {}) | (more or {})
        plain, _, query = path.partition("?")
        event = {
            "version": "2.0", "routeKey": "$default", "rawPath": plain, "rawQueryString": query, "headers": headers,
            "queryStringParameters": dict(pair.split("=") for pair in query.split("&")) if query else None,
            "requestContext": {"http": {"method": method, "path": plain}, "stage": "$default", "requestId": "r"},
            "body": body if isinstance(body, str) or body is None else json.dumps(body), "isBase64Encoded": False,
        }  # fmt: skip
        answer = door_of(plain)(event, FakeContext())
        return Answer(
            status=answer["statusCode"], body=json.loads(answer["body"]), headers=dict(answer.get("headers") or {})
        )


def door_of(path: str) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The door that the template sends a path to."""
    if path.startswith("/debug/"):
        return debug.handle
    rigs = "/rigs/" in path and path.startswith("/api/towns/")
    mine = path.startswith("/api/mayor/") or "/container/" in path or path.endswith(CALLBACKS)
    return handle_agents if rigs or mine else handle_people


@contextmanager
def people_door(stage: str = "local") -> Iterator[PeopleDoor]:
    """The doors with their town, in place of what the bootstrap makes."""
    door = PeopleDoor(stage)
    with door.open():
        yield door
