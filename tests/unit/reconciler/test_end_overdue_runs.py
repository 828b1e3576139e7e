"""The rule `end_overdue_runs`."""

from datetime import timedelta

from gastown.domain.agent import RunEnd
from gastown.domain.bead import BeadStatus
from gastown.domain.command import CommandKind
from gastown.domain.container import ContainerState
from gastown.reconciler.rules.end_overdue_runs import end_overdue_runs
from tests.support.builders import NOW, a_bead, a_review, a_town, an_agent, beat, settle, started, with_container


def test_a_run_is_stopped_at_its_beads_own_limit() -> None:
    """It is lost, so its attempt counts; its process is told to stop."""
    town = with_container(a_town())
    agent, bead = an_agent(town), a_bead(town, metadata={"timeout_ms": 60_000})
    run = started(town, agent, bead)
    beat(town, agent, 59)

    assert list(end_overdue_runs(town, NOW + timedelta(seconds=59.9))) == []
    told = settle(town, 60)

    assert any("time limit" in reason for reason in told)
    assert (run.ended, bead.status, bead.attempts) == (RunEnd.LOST, BeadStatus.OPEN, 1)
    assert CommandKind.STOP in [command.kind for command in town.commands.values()]


def test_the_limit_is_four_hours_unless_the_bead_says_otherwise() -> None:
    """Reviews have none: a refinery that hangs is the ladder's."""
    town = with_container(a_town())
    bead = a_bead(town)
    started(town, an_agent(town), bead)
    started(town, an_agent(town, "Maple"), a_review(town, None))

    assert list(end_overdue_runs(town, NOW + timedelta(hours=4, seconds=-1))) == []
    assert [action.agent_id for action in end_overdue_runs(town, NOW + timedelta(hours=4))] == ["toast"]


def test_no_run_is_ended_while_its_container_drains() -> None:
    """It ends by itself, and costs no attempt."""
    town = with_container(a_town())
    started(town, an_agent(town), a_bead(town))
    town.container.state = ContainerState.DRAINING

    assert list(end_overdue_runs(town, NOW + timedelta(hours=9))) == []
