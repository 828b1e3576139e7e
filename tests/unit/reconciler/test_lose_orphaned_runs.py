"""The rule `lose_orphaned_runs`."""

from gastown.domain.bead import BeadStatus
from gastown.domain.housing import claim_container, drain_container, lose_orphan, stop_container
from gastown.reconciler.rules.lose_orphaned_runs import lose_orphaned_runs
from tests.support.builders import NOW, a_bead, a_town, an_agent, at, at_work, with_container


def test_runs_end_when_their_container_is_gone_or_replaced() -> None:
    """Under their own generation they are left alone."""
    town = with_container(a_town())
    at_work(town, an_agent(town), a_bead(town))
    assert [] == list(lose_orphaned_runs(town, NOW))

    stop_container(town, 1, "killed", at(1))
    assert ["toast"] == [action.agent_id for action in lose_orphaned_runs(town, NOW)]
    claim_container(town, at(2))
    assert ["toast"] == [action.agent_id for action in lose_orphaned_runs(town, NOW)]


def test_a_planned_stop_costs_no_attempt() -> None:
    """What was evicted is ready again at once; what was killed waits."""
    town = with_container(a_town())
    agent, bead = an_agent(town), a_bead(town)
    at_work(town, agent, bead)
    drain_container(town, at(1))
    stop_container(town, 1, "drained", at(2))
    lose_orphan(town, agent, at(3), reason="gone")

    assert (BeadStatus.OPEN, 0, None) == (bead.status, bead.attempts, bead.not_before)
