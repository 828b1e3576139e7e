"""The WebSocket's door."""

from typing import Any

import pytest

from gastown.usecases import mayors
from gastown.usecases.tokens import mint_container
from gastown.usecases.viewers import issue_ticket
from gastown.workers.live import handle
from tests.support.stage import SIGNING_SECRET, TOWN, FakeContext, Stage


def connecting(authorization: str | None, ticket: str | None = None) -> dict[str, Any]:
    """A handshake as API Gateway tells it."""
    headers = {"Host": "live", "authorization": authorization} if authorization else None
    return {
        "requestContext": {"routeKey": "$connect", "connectionId": "connection-1"},
        "headers": headers,
        **({"queryStringParameters": {"ticket": ticket}} if ticket is not None else {}),
    }


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


def test_a_person_connects_with_a_ticket_once(stage: Stage, context: FakeContext) -> None:
    """The second time it is refused, and so is whatever is no ticket; the container's doorbell stays as it is."""
    stage.register("doorbell")
    mayors.ensure(stage.uow, TOWN, "user-1")
    mayor_id = str(stage.town.mayor and stage.town.mayor.id)
    ticket = issue_ticket(stage.uow, (SIGNING_SECRET,), TOWN, mayor_id, "user-1").token

    tried = [handle(connecting(None, shown), context)["statusCode"] for shown in (ticket, ticket, "", "nonsense")]

    assert [200, 401, 401, 401] == tried
    assert "doorbell" == stage.town.container.connection_id
    [row] = [row for (pk, _), row in stage.store.rows[TOWN].items() if pk == f"CONNECTION#{mayor_id}"]
    assert "connection-1" == row.body["connection_id"]


def test_a_containers_token_is_no_ticket(stage: Stage, context: FakeContext) -> None:
    """Nor does it help to show it beside one that is not good."""
    stage.register()
    shown = token(stage)

    assert {"statusCode": 401} == handle(connecting(shown, shown.removeprefix("Bearer ")), context)
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
