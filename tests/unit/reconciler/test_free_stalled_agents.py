"""The rule `free_stalled_agents`."""

from datetime import timedelta

from gastown.domain.agent import AgentStatus, RunEnd
from gastown.domain.bead import BeadStatus
from gastown.domain.patrolling import stall_agent
from gastown.domain.reporting import Done, apply_done
from gastown.reconciler.rules.free_stalled_agents import free_stalled_agents
from gastown.reconciler.wake_ups import next_wake_up
from tests.support.builders import NOW, a_bead, a_town, an_agent, beat, fresh, settle, started, with_container

HALF_HOUR = 1800


def test_a_stalled_run_is_lost_after_half_an_hour() -> None:
    """Although its container goes on speaking of it; the attempt counts, and the agent is free again."""
    town = with_container(a_town())
    agent, bead = an_agent(town), a_bead(town)
    run = started(town, agent, bead)
    town.config.auto_triage = False
    stall_agent(town, agent, "silent", fresh(0))
    beat(town, agent, HALF_HOUR - 60)

    assert list(free_stalled_agents(town, NOW + timedelta(seconds=HALF_HOUR - 0.1))) == []
    assert next_wake_up(town, NOW + timedelta(seconds=HALF_HOUR - 1)) == NOW + timedelta(seconds=HALF_HOUR)

    settle(town, HALF_HOUR)

    assert (run.ended, bead.status, bead.attempts, agent.status) == (RunEnd.LOST, BeadStatus.OPEN, 1, AgentStatus.IDLE)


def test_a_stalled_agent_that_is_done_after_all_is_taken_at_its_word() -> None:
    """Late but good work is kept."""
    town = with_container(a_town())
    agent, bead = an_agent(town), a_bead(town)
    run = started(town, agent, bead)
    stall_agent(town, agent, "silent", fresh(0))

    apply_done(town, agent.id, run.dispatch, Done(branch="b", head_sha="sha"), fresh(60))

    assert (bead.status, agent.status) == (BeadStatus.IN_REVIEW, AgentStatus.IDLE)
    assert list(free_stalled_agents(town, NOW + timedelta(hours=1))) == []
