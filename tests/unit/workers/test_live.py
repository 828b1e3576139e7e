"""The WebSocket's door."""

from typing import Any

import pytest

from gastown.usecases.tokens import mint_container
from gastown.workers.live import handle
from tests.support.stage import SIGNING_SECRET, TOWN, FakeContext, Stage


def connecting(authorization: str | None) -> dict[str, Any]:
    """A handshake as API Gateway tells it."""
    headers = {"Host": "live", "authorization": authorization} if authorization else None
    return {"requestContext": {"routeKey": "$connect", "connectionId": "connection-1"}, "headers": headers}


def token(stage: Stage, *, town_id: str = TOWN, generation: int = 1) -> str:
    """The header of a container."""
    return "Bearer " + mint_container((SIGNING_SECRET,), town_id=town_id, generation=generation, now=stage.now)


def test_a_container_connects(stage: Stage, context: FakeContext) -> None:
    """And is rung from then on."""
    stage.register()

    assert handle(connecting(token(stage)), context) == {"statusCode": 200}
    assert stage.town.container.connection_id == "connection-1"


@pytest.mark.parametrize(("town_id", "generation", "status"), [(TOWN, 7, 409), ("nobody", 1, 404), (None, 1, 401)])
def test_everybody_else_is_refused(
    stage: Stage, context: FakeContext, town_id: str | None, generation: int, status: int
) -> None:
    """With the status that says why."""
    stage.register()
    header = token(stage, town_id=town_id, generation=generation) if town_id else None

    assert handle(connecting(header), context) == {"statusCode": status}
    assert stage.town.container.connection_id is None


@pytest.mark.parametrize("route", ["$default", "$disconnect", "other"])
def test_the_rest_is_taken_without_a_word(stage: Stage, context: FakeContext, route: str) -> None:
    """A closed connection stays noted until the next one takes its place; ringing it does nothing."""
    stage.register("connection-1")
    commits = stage.store.calls["commit"]

    assert handle({"requestContext": {"routeKey": route, "connectionId": "connection-1"}}, context) == {
        "statusCode": 200
    }
    assert stage.store.calls["commit"] == commits
