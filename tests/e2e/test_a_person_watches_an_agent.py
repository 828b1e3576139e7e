"""A person watches an agent's session while it goes on, and misses nothing; nobody else gets to see it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from infra.local.demo_api import TownApi
from infra.local.deployment import sign_user_token
from infra.local.stack import Stack
from tests.e2e.story import PATIENCE_SECONDS, Story, wait_until, writes

pytestmark = pytest.mark.e2e

REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
"""The emulator tells a client 403 for whatever its door answers."""


@dataclass(kw_only=True)
class Dashboard:
    """What a dashboard does: it listens, and reads by HTTP what it has not heard."""

    story: Story
    agent_id: str
    cursor: int = 0
    seen: list[dict[str, Any]] = field(default_factory=list)
    heard: int = 0

    def ticket(self) -> dict[str, str]:
        """A new ticket for the agent."""
        path = f"/api/towns/{self.story.town_id}/container/agents/{self.agent_id}/stream-ticket"
        issued: dict[str, str] = self.story.api.call("POST", path)
        return issued

    @contextmanager
    def open(self) -> Iterator[ClientConnection]:
        """A connection, and what had happened until it stood."""
        with dial(self.ticket()) as connection:
            self.read_on()
            yield connection

    def read_on(self) -> None:
        """Read whatever came after the last event that was seen."""
        path = f"{self.story.rig}/agents/{self.agent_id}/events?after={self.cursor}"
        self._take(self.story.api.call("GET", path))

    def hear(self, message: str) -> None:
        """Take one message in, or read on where it leaves a gap."""
        said = json.loads(message)
        if said["more"] or said["after"] > self.cursor:
            self.read_on()
        else:
            self.heard += len(said["events"])
            self._take(said["events"])

    def _take(self, events: list[dict[str, Any]]) -> None:
        new = [event for event in events if event["id"] > self.cursor]
        self.seen += new
        self.cursor = max([self.cursor, *(event["id"] for event in new)])

    @property
    def text(self) -> str:
        """All that was seen."""
        return "\n".join(str(event["data"].get("text", "")) for event in self.seen)


def at_work(story: Story, body: str) -> str:
    """Sling a bead; the id of the agent that gets it, as soon as one has."""
    story.sling("Write it", body)
    path = f"{story.rig}/agents"
    assert wait_until(lambda: bool(story.api.call("GET", path)), PATIENCE_SECONDS)
    return str(story.api.call("GET", path)[0]["id"])


def dial(issued: dict[str, str]) -> ClientConnection:
    """Connect as a browser does: without headers."""
    return connect(f"{issued['url']}?ticket={issued['ticket']}", open_timeout=30)


def is_refused(issued: dict[str, str]) -> bool:
    """Whether no connection comes of it."""
    try:
        dial(issued).close()
    except InvalidStatus as refusal:
        return refusal.response.status_code in REFUSED
    return False


def test_a_person_watches_an_agent_and_misses_nothing(story: Story) -> None:
    """They connect before the agent begins, hear it work, lose the connection, and read on after they come back."""
    board = Dashboard(story=story, agent_id=at_work(story, writes("a.txt", "a", wait=2)))

    with board.open() as connection:
        while "a.txt" not in board.text.partition("wait")[2] or not board.heard:
            board.hear(str(connection.recv(timeout=PATIENCE_SECONDS)))
    with board.open():
        shown = story.api.call("GET", f"{story.rig}/agents/{board.agent_id}/events")

    assert board.seen == [event for event in shown if event["id"] <= board.cursor]


def test_a_ticket_opens_one_connection_for_those_who_may_see_the_town(stack: Stack, story: Story) -> None:
    """Used again, changed or left out it opens none; a stranger and a container are refused one."""
    mayor_id = story.api.call("POST", f"/api/towns/{story.town_id}/mayor/ensure")["agentId"]
    issued = Dashboard(story=story, agent_id=mayor_id).ticket()
    with dial(issued):
        assert is_refused(issued)
    assert is_refused(issued)
    assert is_refused({**issued, "ticket": issued["ticket"][:-2]})
    assert is_refused({**issued, "ticket": ""})

    path = f"/api/towns/{story.town_id}/container/agents/{mayor_id}/stream-ticket"
    token = sign_user_token(stack.endpoint, stack.outputs["UserSecretArn"], "a-stranger")
    stranger = TownApi(api=stack.api, user_id="a-stranger", user_token=token)
    refused = stranger.send("POST", path)
    stranger.client.close()
    container = {"Authorization": f"Bearer {story.debug('POST', '/tokens', {})['token']}"}
    assert 403 == refused.status_code
    assert 401 == story.api.send("POST", path, headers=container).status_code
