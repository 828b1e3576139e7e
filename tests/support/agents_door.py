"""The `agents` door with a town in memory behind it, for tests that speak HTTP to it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from gastown import bootstrap
from gastown.api.app import handle_agents
from gastown.settings import Settings
from gastown.usecases import tokens
from tests.support.agent_world import NOW, RIG_ID, SECRETS, TOWN_ID, AgentWorld, Desk, a_desk
from tests.support.fakes.secrets import MemorySecrets
from tests.support.fakes.session_snapshots import MemorySessionSnapshots

T = f"/api/towns/{TOWN_ID}"
R = f"{T}/rigs/{RIG_ID}"
JsonBody = dict[str, Any] | list[Any] | str | None


@dataclass(kw_only=True)
class Door:
    """The door with a town behind it; `ask` sends one request."""

    world: AgentWorld
    desk: Desk
    snapshots: MemorySessionSnapshots = field(default_factory=MemorySessionSnapshots)
    polecat: str = field(init=False)
    container: str = field(init=False)
    me: str = field(init=False)

    def __post_init__(self) -> None:
        self.polecat = self.token_of(self.world.polecat.dispatch)
        self.container = tokens.mint_container(SECRETS, town_id=TOWN_ID, generation=1, now=NOW)
        self.me = f"{R}/agents/{self.world.polecat.id}"

    def token_of(self, dispatch: int) -> str:
        """The polecat's token for a dispatch."""
        return tokens.mint_agent(SECRETS, self.world.polecat, town_id=TOWN_ID, dispatch=dispatch, now=NOW)

    def ask(
        self, method: str, path: str, token: str | None = None, body: JsonBody = None, key: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Status and answer of one request."""
        headers = {"content-type": "application/json"}
        headers |= {"authorization": f"Bearer {token}"} if token else {}
        headers |= {"idempotency-key": key} if key else {}
        plain, _, query = path.partition("?")
        event = {
            "version": "2.0",
            "rawPath": plain,
            "rawQueryString": query,
            "queryStringParameters": dict(parse_qsl(query)) or None,
            "headers": headers,
            "body": body if isinstance(body, str) or body is None else json.dumps(body),
            "isBase64Encoded": False,
            "requestContext": {"requestId": "r-1", "stage": "$default", "http": {"method": method, "path": plain}},
        }
        answer = handle_agents(event, None)
        return answer["statusCode"], json.loads(answer["body"])


def open_door(world: AgentWorld) -> Iterator[Door]:
    """The door with everything behind it replaced by what lives in memory."""
    desk = a_desk(world.town)
    secrets = MemorySecrets({"signing": SECRETS[0]})
    settings = Settings(
        signing_secret_arn="signing", town_secret_prefix="stack/town/", live_url="wss://live.example.com"
    )
    door = Door(world=world, desk=desk)
    with bootstrap.replace(
        unit_of_work=desk.work,
        secrets=secrets,
        settings=settings,
        clock=desk.around,
        session_snapshots=door.snapshots,
    ):
        yield door
