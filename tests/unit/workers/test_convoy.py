"""The convoy door answers the execution itself, whatever happens."""

import pytest

from gastown.domain.errors import Unavailable
from gastown.workers.convoy import handle
from tests.support.stage import TOWN, FakeContext, Stage


def event(convoy_id: str, **more: object) -> dict[str, object]:
    """What Step Functions sends for the start of a convoy."""
    return {"contract": 1, "step": "start", "token": "token-1", "town_id": TOWN, "convoy_id": convoy_id, **more}


def test_a_step_waits_or_is_answered(stage: Stage, context: FakeContext) -> None:
    """By what the town knows."""
    stage.workflows.waiting.add("token-1")

    assert handle(event(stage.sling(staged=True)), context) == {"result": "waiting"}
    assert handle(event(stage.sling()), context) == {"result": "answered"}
    assert stage.workflows.answers == {"token-1": {"outcome": "started"}}


@pytest.mark.parametrize(
    ("more", "error"), [({}, "NotFound"), ({"contract": 9}, "Invalid"), ({"town_id": "gone"}, "NotFound")]
)
def test_a_failure_is_told_by_the_token(
    stage: Stage, context: FakeContext, more: dict[str, object], error: str
) -> None:
    """The state machine decides by the error's name whether to try again."""
    stage.workflows.waiting.add("token-1")

    assert handle(event("nobody", **more), context) == {"result": "failed"}
    assert stage.workflows.answers["token-1"]["error"] == error


def test_absent_storage_is_told_as_well(stage: Stage, context: FakeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is raised: a handler that raises would leave the execution waiting on some runtimes."""
    convoy_id = stage.sling()
    stage.workflows.waiting.add("token-1")

    def load(*_arguments: object, **_more: object) -> None:
        raise Unavailable("storage")

    monkeypatch.setattr(stage.store, "load", load)

    assert handle(event(convoy_id), context) == {"result": "failed"}
    assert stage.workflows.answers["token-1"]["error"] == "Unavailable"


def test_an_event_without_a_token_is_only_logged(stage: Stage, context: FakeContext) -> None:
    """There is nobody to answer."""
    assert handle({}, context) == {"result": "failed"}
    assert stage.workflows.calls == []
