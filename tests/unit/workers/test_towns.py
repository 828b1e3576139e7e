"""The life cycle's door."""

import pytest

from gastown.workers.towns import handle
from tests.support.stage import TOWN, FakeContext, Stage


def test_a_town_is_brought_to_life(stage: Stage, context: FakeContext) -> None:
    """From its row alone."""
    stage.add_row("new", "creating")

    assert handle({"town_id": "new"}, context) == {"town_id": "new", "state": "active"}
    assert stage.uow.load("new").town.owner_user_id == "user-1"


def test_a_town_is_removed(stage: Stage, context: FakeContext) -> None:
    """And asking once more is harmless."""
    stage.directory.set_town_state(TOWN, {"active"}, "deleting", now=stage.now)

    assert [handle({"town_id": TOWN}, context)["state"] for _ in range(2)] == ["gone", "gone"]


def test_a_call_without_a_town_fails(stage: Stage, context: FakeContext) -> None:
    """Loudly: somebody called it wrongly."""
    with pytest.raises(KeyError):
        handle({}, context)
