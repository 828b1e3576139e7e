"""A container's connection is rung as long as the container is the town's."""

import pytest

from gastown.domain.errors import Forbidden, StaleDispatch, Unauthorized
from gastown.usecases.live import connect
from gastown.usecases.tokens import mint_container
from tests.support.stage import SIGNING_SECRET, TOWN, Stage

SECRETS = (SIGNING_SECRET,)


@pytest.fixture
def stage() -> Stage:
    """A control plane on fakes with one quiet town."""
    return Stage()


def bearer(stage: Stage, generation: int) -> str:
    """The header of a container of this generation."""
    return f"Bearer {mint_container(SECRETS, town_id=TOWN, generation=generation, now=stage.now)}"


def test_the_current_container_is_rung(stage: Stage) -> None:
    """A later connection takes the place of an earlier one."""
    generation = stage.register()
    for connection in ("connection-1", "connection-2"):
        connect(stage.uow, SECRETS, bearer(stage, generation), connection)

    assert stage.town.container.connection_id == "connection-2"


def test_an_older_generation_is_refused(stage: Stage) -> None:
    """It cannot take the doorbell of its successor."""
    generation = stage.register("connection-1")

    with pytest.raises(StaleDispatch):
        connect(stage.uow, SECRETS, bearer(stage, generation - 1), "connection-2")
    assert stage.town.container.connection_id == "connection-1"


@pytest.mark.parametrize("header", ["", "Bearer", "Basic abc", "Bearer nonsense"])
def test_a_token_has_to_be_shown(stage: Stage, header: str) -> None:
    """In the header, as a bearer token."""
    with pytest.raises(Unauthorized):
        connect(stage.uow, SECRETS, header, "connection-1")


def test_agents_have_no_doorbell(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their token is good for other things."""
    monkeypatch.setattr("gastown.usecases.live.verify", lambda *_arguments, **_more: object())

    with pytest.raises(Forbidden):
        connect(stage.uow, SECRETS, "Bearer agent", "connection-1")
