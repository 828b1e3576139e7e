"""The rule `answer_known_waits`."""

from gastown.domain.bead import BeadStatus
from gastown.domain.convoy import ConvoyState
from gastown.domain.effect import Wait
from gastown.domain.ending import end_bead
from gastown.domain.town import Town
from gastown.reconciler.rules.answer_known_waits import answer_known_waits
from tests.support.builders import NOW, a_bead, a_convoy, a_town, at


def wait_for(town: Town, step: str, bead_id: str | None = None) -> Wait:
    """A registered wait of the convoy."""
    wait = Wait(key=f"{step}#{bead_id}", convoy_id="convoy-1", step=step, bead_id=bead_id, token="t", registered_at=NOW)
    town.waits[wait.key] = wait
    return wait


def test_a_wait_is_answered_when_its_subject_has_moved() -> None:
    """The start when the convoy is active, a bead when it has ended."""
    town = a_town()
    bead = a_bead(town)
    convoy = a_convoy(town, bead, state=ConvoyState.STAGED)
    start, end = wait_for(town, "start"), wait_for(town, "bead", bead.id)
    assert list(answer_known_waits(town, NOW)) == []

    convoy.state = ConvoyState.ACTIVE
    assert [start.key] == [action.key for action in answer_known_waits(town, NOW)]
    end_bead(town, bead, BeadStatus.CLOSED, "merged", at())
    start.answered = True
    assert [end.key] == [action.key for action in answer_known_waits(town, NOW)]
