"""The rule `end_needless_batches`."""

import pytest

from gastown.domain.asking import Question, open_triage_request
from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.patrolling import batch_of
from gastown.domain.town import Town
from gastown.domain.triage import TriageType
from gastown.reconciler.rules.end_needless_batches import end_needless_batches
from tests.support.builders import NOW, a_town, an_agent, fresh, settle, with_container


def batched(*, container: bool) -> tuple[Town, Bead]:
    """A town with one request in one batch; its agent is at work if there is a container."""
    town = with_container(a_town()) if container else a_town()
    agent = an_agent(town)
    open_triage_request(town, agent, Question(type=TriageType.STUCK_AGENT, title="Stuck"), fresh())
    settle(town, 0)
    batch = batch_of(town)
    assert batch is not None
    return town, batch


@pytest.mark.parametrize("why", ["answered", "off"])
def test_a_batch_that_nobody_began_ends_when_nobody_needs_it(why: str) -> None:
    """People have answered, or switched triage off."""
    town, batch = batched(container=False)
    assert list(end_needless_batches(town, NOW)) == []
    town.config.auto_triage = why != "off"
    if why == "answered":
        town.triage.clear()

    settle(town, 1)

    assert (batch.status, batch.outcome, batch_of(town)) == (BeadStatus.CLOSED, "triaged", None)


def test_an_agent_at_work_is_left_to_finish() -> None:
    """It may be in the middle of an answer."""
    town, batch = batched(container=True)
    town.triage.clear()

    assert batch.status is BeadStatus.IN_PROGRESS
    assert list(end_needless_batches(town, NOW)) == []
