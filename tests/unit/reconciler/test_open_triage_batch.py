"""The rule `open_triage_batch` (reconciler facts, 3.8)."""

from datetime import timedelta

import pytest

from gastown.domain.asking import Question, open_triage_request
from gastown.domain.bead import BeadStatus, Priority
from gastown.domain.container import ContainerState
from gastown.domain.ending import fail_bead
from gastown.domain.ids import RigId
from gastown.domain.patrolling import batch_of
from gastown.domain.reporting import Done, apply_done
from gastown.domain.rig import Rig
from gastown.domain.town import Town
from gastown.domain.triage import TriageType
from gastown.reconciler.rules.open_triage_batch import open_triage_batch
from gastown.reconciler.signs import is_wanted
from gastown.reconciler.wake_ups import next_wake_up
from tests.support.builders import NOW, RIG, a_bead, a_town, an_agent, fresh, settle, with_container


def asked(town: Town, *names: str) -> Town:
    """The town with one open request for an agent of each name."""
    for name in names:
        question = Question(type=TriageType.STUCK_AGENT, title=f"{name} is stuck", context={"reason": "silent"})
        assert open_triage_request(town, an_agent(town, name), question, fresh())
    return town


def test_waiting_requests_become_one_bead_for_a_polecat() -> None:
    """Urgent, in the oldest rig, with every request in its text; it is dispatched like any bead."""
    town = with_container(asked(a_town(), "Toast", "Maple"))
    town.rigs[RigId("rig-0")] = Rig(
        id=RigId("rig-0"), name="young", git_url="/y", default_branch="main", created_at=NOW + timedelta(days=1)
    )

    settle(town, 1)

    batch = batch_of(town)
    assert batch is not None
    assert (batch.title, batch.rig_id, batch.priority) == ("Triage: 2 open requests", RIG, Priority.HIGH)
    assert batch.status is BeadStatus.IN_PROGRESS
    text = town.texts[batch.id]
    assert all(request.id in text and request.title in text for request in town.triage.values())
    assert "reason: silent" in text
    assert "RESTART_WITH_BACKOFF" in text
    assert [request.rounds for request in town.triage.values()] == [1, 1]


def test_its_done_ends_it_without_a_review() -> None:
    """Nothing was changed, so there is nothing to judge."""
    town = with_container(asked(a_town(), "Toast"))
    settle(town, 1)
    batch = batch_of(town)
    assert batch is not None
    assert batch.assignee is not None
    town.triage.clear()

    apply_done(town, batch.assignee, 1, Done(branch="b", head_sha="sha"), fresh(2))

    assert (batch.outcome, batch.status, town.reviews) == ("triaged", BeadStatus.CLOSED, {})


@pytest.mark.parametrize("why", ["switched off", "no rig", "leaving", "batch", "nothing asked"])
def test_nothing_is_opened_or_started_without_need(why: str) -> None:
    """An open request alone wants no container and wakes nobody."""
    town = asked(a_town(), "Toast")
    town.config.auto_triage = why != "switched off"
    if why == "no rig":
        town.rigs.clear()
    elif why == "leaving":
        town.rigs[RIG].is_leaving = True
    elif why == "batch":
        a_bead(town, labels=["gt:triage", "gt:held"], created_by="patrol")
    elif why == "nothing asked":
        town.triage.clear()

    assert list(open_triage_batch(town, NOW)) == []
    assert (is_wanted(town, NOW), next_wake_up(town, NOW), town.container.state) == (False, None, ContainerState.NONE)


def test_after_a_batch_that_failed_the_next_one_waits_half_a_minute() -> None:
    """The town wakes for it; the failure is no escalation of its own."""
    town = asked(a_town(), "Toast")
    settle(town, 0)
    batch = batch_of(town)
    assert batch is not None
    fail_bead(town, batch, "exhausted", "5 starts without a result", fresh(10))

    assert town.escalations == {}
    assert list(open_triage_batch(town, NOW + timedelta(seconds=39.9))) == []
    assert next_wake_up(town, NOW + timedelta(seconds=10)) == NOW + timedelta(seconds=40)
    assert len(list(open_triage_batch(town, NOW + timedelta(seconds=40)))) == 1
