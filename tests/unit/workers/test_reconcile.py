"""The reconcile door ticks towns and never lets one town's fault stop another."""

import json
import logging
from typing import Any

import pytest

from gastown.domain.effect import EffectKind
from gastown.domain.errors import Unavailable
from gastown.domain.event import EventKind
from gastown.domain.ids import BeadId, Moment
from gastown.domain.pull import MergeStrategy
from gastown.domain.review import Review
from gastown.domain.town import Town
from gastown.domain.watching import ask_provider
from gastown.usecases.reconcile_town import Reconciler
from gastown.usecases.tick_report import TickReport
from gastown.workers.reconcile import handle
from tests.support.stage import RIG, TOWN, FakeContext, Stage


def batch(*towns: str, received: int = 1) -> dict[str, Any]:
    """One message for each town named, with ids m0, m1 ..."""
    records = [
        {
            "messageId": f"m{number}",
            "body": f'{{"town_id": "{town}", "cause": "test"}}',
            "attributes": {"ApproximateReceiveCount": str(received)},
        }
        for number, town in enumerate(towns)
    ]
    return {"Records": records}


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Ticks are noted; towns are named by what happens in them."""
    noted: list[tuple[str, bool]] = []

    def tick(_self: Reconciler, town_id: str, *, one_event: bool = False) -> TickReport:
        noted.append((town_id, one_event))
        if town_id == "away":
            raise Unavailable("storage")
        if town_id == "broken":
            raise KeyError(town_id)
        return TickReport(town_id=town_id, failures=["one event"] if town_id == "unwell" else [])

    monkeypatch.setattr(Reconciler, "tick", tick)
    return noted


def failed(answer: dict[str, Any]) -> list[str]:
    """Messages that come again."""
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def test_a_woken_town_ticks(stage: Stage, context: FakeContext) -> None:
    """For real: a slung bead asks for a container."""
    stage.sling()

    answer = handle(batch(TOWN), context)

    assert failed(answer) == []
    assert stage.town.container.generation == 1
    assert stage.effects_queue.messages


def test_a_review_that_its_provider_failed_is_counted_by_its_cause(
    stage: Stage, context: FakeContext, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """REQ-5.8: one metric and one line, with kind, provider, status and the review; written when it is committed."""

    def fail(town: Town, moment: Moment) -> None:
        review = Review(
            id=BeadId("review-1"), rig_id=RIG, title="Review", branch="b", sha="s", target_branch="main",
            base_branch="main", created_at=moment.now, updated_at=moment.now, strategy=MergeStrategy.PR,
        )  # fmt: skip
        town.reviews[review.id] = review
        ask_provider(town, review, EffectKind.OPEN_PULL, moment)

    stage.change(fail)
    refusal = {"kind": "http_error", "provider": "github", "status": 401, "text": "", "transient": False}
    event = {"review_id": "review-1", "ask": 1, "refusal": refusal}
    stage.uow.deliver(TOWN, EventKind.PULL_REFUSED, event, source="test", event_id="1")
    with caplog.at_level(logging.INFO):
        handle(batch(TOWN), context)

    [metric] = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"pr_poll_failed":[' in line]
    [told] = [vars(record) for record in caplog.records if record.getMessage() == "pr.poll_failed"]
    assert ("http_error", [1.0]) == (metric["kind"], metric["pr_poll_failed"])
    assert ("review-1", "github", 401) == (told["review_id"], told["provider"], told["status"])


def test_a_town_ticks_once_a_batch(stage: Stage, context: FakeContext, ticks: list[tuple[str, bool]]) -> None:
    """However many messages name it."""
    assert failed(handle(batch("a", "b", "a", "a"), context)) == []
    assert ticks == [("a", False), ("b", False)]


def test_a_message_received_again_goes_event_by_event(
    stage: Stage, context: FakeContext, ticks: list[tuple[str, bool]]
) -> None:
    """Something in the whole was too much."""
    handle(batch("a", received=2), context)

    assert ticks == [("a", True)]


def test_only_what_was_away_comes_again(stage: Stage, context: FakeContext, ticks: list[tuple[str, bool]]) -> None:
    """All messages of that town, so that their order holds; a broken town's message is taken."""
    assert failed(handle(batch("away", "broken", "a", "away", "unwell"), context)) == ["m0", "m3"]
    assert [town for town, _ in ticks] == ["away", "broken", "a", "unwell"]


def test_a_town_that_is_gone_needs_no_tick(stage: Stage, context: FakeContext) -> None:
    """Its message is taken."""
    assert failed(handle(batch("gone"), context)) == []


def test_what_does_not_fit_into_the_call_comes_again(
    stage: Stage, context: FakeContext, ticks: list[tuple[str, bool]]
) -> None:
    """Rather than being cut off in the middle."""
    context.left_ms = 1_000

    assert failed(handle(batch("a", "b"), context)) == ["m0", "m1"]
    assert ticks == []


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", '{"town_id": ""}'])
def test_an_unreadable_message_is_taken(stage: Stage, context: FakeContext, body: str) -> None:
    """Coming again would not make it readable."""
    assert failed(handle({"Records": [{"messageId": "m0", "body": body}]}, context)) == []
