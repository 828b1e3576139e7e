"""The effects door performs what a message names, and fails a message only for crashes and absent storage."""

import json
from typing import Any

import pytest

from gastown.domain.effect import EffectKind
from gastown.domain.errors import Unavailable
from gastown.workers.effects import handle
from tests.support.stage import TOWN, FakeContext, Stage


def message(key: str) -> dict[str, Any]:
    """A batch of one."""
    return {"Records": [{"messageId": "m0", "body": json.dumps({"town_id": TOWN, "key": key})}]}


def failed(answer: dict[str, Any]) -> list[str]:
    """Messages that come again."""
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def test_an_effect_is_performed_and_settled(stage: Stage, context: FakeContext) -> None:
    """From the queue's message to the town's inbox."""
    stage.claim()
    stage.tick()
    [(town_id, key)] = stage.effects_queue.messages

    assert town_id == TOWN
    assert failed(handle(message(key), context)) == []
    assert [kind for kind, _ in stage.inbox()] == ["task_accepted"]


def test_a_try_that_did_not_succeed_takes_its_message(stage: Stage, context: FakeContext) -> None:
    """The tick at the lease's end announces the effect again; the dead-letter queue is for crashes."""
    stage.claim()
    stage.runtime.failure = Unavailable("away")

    assert failed(handle(message(stage.outbox_key(EffectKind.RUN_TASK)), context)) == []
    assert len(stage.town.effects) == 1


@pytest.mark.parametrize("fault", [Unavailable("storage"), KeyError("a bug")])
def test_crashes_and_absent_storage_fail_the_message(
    stage: Stage, context: FakeContext, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """The queue keeps it."""

    def fail(*_arguments: object, **_more: object) -> None:
        raise fault

    monkeypatch.setattr(stage.store, "claim", fail)

    assert failed(handle(message("OUTBOX#1"), context)) == ["m0"]


def test_a_message_without_a_key_is_taken(stage: Stage, context: FakeContext) -> None:
    """It names no effect."""
    assert failed(handle(message(""), context)) == []
