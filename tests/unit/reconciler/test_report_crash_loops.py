"""The rule `report_crash_loops`, and what counts as a crash."""

from datetime import timedelta

import pytest

from gastown.domain.agent import Agent, RunEnd
from gastown.domain.bead import TRIAGE, Bead, BeadStatus
from gastown.domain.ending import lose_run
from gastown.domain.reporting import Done, apply_done
from gastown.domain.town import Town
from gastown.domain.triage import TriageType
from gastown.reconciler.apply_action import apply_action
from gastown.reconciler.rules.report_crash_loops import report_crash_loops
from tests.support.builders import NOW, a_bead, a_town, an_agent, fresh, started, with_container


def crash(town: Town, agent: Agent, bead: Bead, seconds: float, how: RunEnd = RunEnd.LOST) -> None:
    """One run of the agent comes to nothing."""
    started(town, agent, bead, seconds)
    lose_run(town, agent, how, fresh(seconds), reason="gone")
    bead.attempts = 0


def test_three_runs_for_nothing_within_half_an_hour_are_one_question() -> None:
    """About the bead that it was on; the count begins anew, so the question is asked once."""
    town = with_container(a_town())
    agent, bead = an_agent(town), a_bead(town)
    for minute in (0, 15, 30):
        assert list(report_crash_loops(town, NOW)) == []
        crash(town, agent, bead, minute * 60)

    [action] = report_crash_loops(town, NOW)
    apply_action(town, action, fresh(1800))

    assert [(r.type, r.bead_id) for r in town.triage.values()] == [(TriageType.CRASH_LOOP, bead.id)]
    assert list(report_crash_loops(town, NOW)) == []


@pytest.mark.parametrize(
    ("ends", "minutes"),
    [
        ((RunEnd.LOST, RunEnd.LOST, RunEnd.LOST), (0, 15, 31)),
        ((RunEnd.LOST, RunEnd.COMPLETED, RunEnd.EVICTED), (0, 1, 2)),
        ((RunEnd.LOST, RunEnd.COMPLETED, RunEnd.RELEASED), (0, 1, 2)),
        ((RunEnd.LOST, RunEnd.COMPLETED, RunEnd.REFUSED), (0, 1, 2)),
    ],
)
def test_slow_failures_and_ends_by_plan_are_no_crash_loop(ends: tuple[RunEnd, ...], minutes: tuple[int, ...]) -> None:
    """Evictions, refusals and what an agent lets go of say nothing about the agent."""
    town = with_container(a_town())
    agent, bead = an_agent(town), a_bead(town)
    for how, minute in zip(ends, minutes, strict=True):
        crash(town, agent, bead, minute * 60, how)

    assert list(report_crash_loops(town, NOW + timedelta(hours=1))) == []


def test_a_done_forgets_what_was_before() -> None:
    """And at most three moments are ever kept."""
    town = with_container(a_town())
    agent, bead = an_agent(town), a_bead(town)
    for second in range(5):
        crash(town, agent, bead, second)
    assert len(agent.crashes) == 3

    run = started(town, agent, bead, 10)
    apply_done(town, agent.id, run.dispatch, Done(branch="b", head_sha="sha"), fresh(20))

    assert (agent.crashes, bead.status) == ([], BeadStatus.IN_REVIEW)


def test_failures_on_a_triage_batch_are_not_asked_about() -> None:
    """Triage does not look into triage."""
    town = with_container(a_town())
    agent, batch = an_agent(town), a_bead(town, labels=[TRIAGE], created_by="patrol")
    for second in range(3):
        crash(town, agent, batch, second)

    assert list(report_crash_loops(town, NOW)) == []
