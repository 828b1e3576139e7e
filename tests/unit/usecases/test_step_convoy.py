"""A convoy's execution waits in the town, and gets at once what is known."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gastown.domain.bead import BeadStatus
from gastown.domain.convoying import close_convoy, start_convoy
from gastown.domain.effect import EffectKind
from gastown.domain.ending import end_bead
from gastown.domain.errors import Invalid, NotFound
from gastown.domain.ids import BeadId, Moment
from gastown.domain.town import Town
from gastown.ports.town_store import CommitConflict
from gastown.usecases.perform_effect import perform_effect
from gastown.usecases.step_convoy import Step, read_step, step_convoy
from tests.support.stage import TOWN, Stage

TOKEN = "token-1"


@pytest.fixture
def stage() -> Stage:
    """A control plane on fakes with one quiet town."""
    return Stage()


def take(stage: Stage, name: str, convoy_id: str, *, token: str = TOKEN, bead_id: str | None = None) -> str:
    """Let an execution take one step."""
    stage.workflows.waiting.add(token)
    step = Step(name=name, token=token, town_id=TOWN, convoy_id=convoy_id, bead_id=bead_id)
    return step_convoy(stage.uow, stage.workflows, step)


def run_effects(stage: Stage) -> None:
    """Perform whatever waits, and let the town hear of it."""
    for effect in list(stage.town.effects.values()):
        perform_effect(stage.outside, TOWN, f"OUTBOX#{effect.id}")
    stage.tick()


def first_bead(stage: Stage) -> str:
    """The first live bead of the town."""
    return next(iter(stage.town.beads))


def close(town: Town, bead_id: str, moment: Moment) -> None:
    """A person closes a bead."""
    end_bead(town, town.bead(bead_id), BeadStatus.CLOSED, "person", moment)


def test_a_staged_convoy_is_waited_for(stage: Stage) -> None:
    """The start comes when a person gives it; the wait has left the town by then."""
    convoy_id = stage.sling(staged=True)

    assert take(stage, "start", convoy_id) == "waiting"
    assert list(stage.town.waits) == [f"{convoy_id}#start"]
    stage.change(lambda town, moment: start_convoy(town, convoy_id, moment))
    stage.tick()
    run_effects(stage)

    assert stage.workflows.answers == {TOKEN: {"outcome": "started"}}
    assert stage.town.waits == {}


def test_a_known_answer_needs_no_commit(stage: Stage) -> None:
    """An active convoy has started; the town is only read."""
    convoy_id = stage.sling()
    commits = stage.store.calls["commit"]

    assert take(stage, "start", convoy_id) == "answered"
    assert stage.workflows.answers == {TOKEN: {"outcome": "started"}}
    assert stage.store.calls["commit"] == commits


def test_a_bead_that_ends_answers_its_step(stage: Stage) -> None:
    """Also when the convoy goes on without it."""
    convoy_id = stage.sling(tasks=2)
    bead_id = first_bead(stage)

    assert take(stage, "bead", convoy_id, bead_id=bead_id) == "waiting"
    stage.change(lambda town, moment: close(town, bead_id, moment))
    stage.tick()
    run_effects(stage)

    assert stage.workflows.answers == {TOKEN: {"outcome": "closed"}}


def test_a_bead_that_is_not_in_the_convoy_was_removed(stage: Stage) -> None:
    """The execution knows it from the start, the town not any more."""
    convoy_id = stage.sling(tasks=2)

    assert take(stage, "bead", convoy_id, bead_id="elsewhere") == "answered"
    assert stage.workflows.answers == {TOKEN: {"outcome": "removed"}}


def test_a_convoy_that_is_over_answers_from_its_end(stage: Stage) -> None:
    """Its final row is read, and its beads' as well."""
    convoy_id = stage.sling()
    bead_id = first_bead(stage)
    stage.change(lambda town, moment: close_convoy(town, convoy_id, moment))
    stage.tick()

    steps: dict[str, dict[str, Any]] = {"start": {}, "bead": {"bead_id": bead_id}, "landing": {}, "close": {}}
    results = [take(stage, name, convoy_id, token=name, **more) for name, more in steps.items()]

    assert BeadId(convoy_id) not in stage.town.convoys
    assert results == ["answered"] * 4
    assert {name: answer["outcome"] for name, answer in stage.workflows.answers.items()} == {
        "start": "closed", "bead": "closed", "landing": "closed", "close": "closed",
    }  # fmt: skip


def test_a_convoy_that_ends_while_the_wait_is_registered_still_answers(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit notices, and the answer is looked up where the convoy left it."""
    convoy_id = stage.sling()
    commit = stage.store.commit

    def end_first(asked: Any) -> None:
        monkeypatch.setattr(stage.store, "commit", commit)
        stage.change(lambda town, moment: close_convoy(town, convoy_id, moment))
        stage.tick()
        raise CommitConflict("somebody was faster")

    monkeypatch.setattr(stage.store, "commit", end_first)

    assert take(stage, "close", convoy_id) == "answered"
    assert stage.workflows.answers == {TOKEN: {"outcome": "closed"}}
    assert stage.town.waits == {}


def test_a_step_that_is_entered_again_replaces_its_token(stage: Stage) -> None:
    """Only the last token is answered: the others have timed out."""
    convoy_id = stage.sling(staged=True)
    take(stage, "start", convoy_id, token=TOKEN)
    take(stage, "start", convoy_id, token="token-2")
    take(stage, "start", convoy_id, token="token-2")

    assert [wait.token for wait in stage.town.waits.values()] == ["token-2"]


def test_an_earlier_wait_does_not_replace_a_later_one(stage: Stage) -> None:
    """If the state machine says when it entered the step."""
    convoy_id = stage.sling(staged=True)
    for token, second in (("token-2", 2), (TOKEN, 1)):
        entered_at = datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC)
        step = Step(name="start", token=token, town_id=TOWN, convoy_id=convoy_id, entered_at=entered_at)
        step_convoy(stage.uow, stage.workflows, step)

    assert [wait.token for wait in stage.town.waits.values()] == ["token-2"]


def test_a_convoy_that_never_was_is_not_found(stage: Stage) -> None:
    """The execution fails, and a person sees it."""
    with pytest.raises(NotFound):
        take(stage, "close", "nobody")


def test_a_close_is_answered_when_the_convoy_has_ended(stage: Stage) -> None:
    """The last wait of an execution."""
    convoy_id = stage.sling()
    assert take(stage, "close", convoy_id) == "waiting"
    stage.change(lambda town, moment: close_convoy(town, convoy_id, moment))
    stage.tick()
    run_effects(stage)

    assert stage.workflows.answers == {TOKEN: {"outcome": "closed"}}
    assert not [e for e in stage.town.effects.values() if e.kind is EffectKind.ANSWER_WAIT]


GOOD = {"contract": 1, "step": "start", "token": "t", "town_id": "town", "convoy_id": "convoy"}


def test_a_step_is_read_from_its_event() -> None:
    """An empty bead id counts as none."""
    assert read_step({**GOOD, "bead_id": ""}).key == "convoy#start"
    assert read_step({**GOOD, "step": "bead", "bead_id": "b"}).key == "convoy#bead#b"
    assert read_step({**GOOD, "entered_at": "2026-01-01T00:00:00.000Z"}).entered_at == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong",
    [{"contract": 2}, {"step": "dance"}, {"step": "bead"}, {"bead_id": "b"}, {"token": ""}, {"town_id": None}],
)
def test_a_step_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    """Before anything is read or written."""
    with pytest.raises(Invalid):
        read_step({**GOOD, **wrong})
