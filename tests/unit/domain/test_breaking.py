"""The dispatch breaker (reconciler facts, 1.7; design section 9, row 9)."""

from datetime import timedelta

import pytest

from gastown.domain.agent import RunEnd
from gastown.domain.bead import BeadStatus
from gastown.domain.breaking import breaker_until, record_failure
from gastown.domain.container import ContainerState
from gastown.domain.hooking import hook
from gastown.domain.town import Town
from gastown.domain.warning import acknowledge_escalation
from gastown.reconciler.decide import decide
from gastown.reconciler.signs import is_wanted
from gastown.reconciler.wake_ups import next_wake_up
from tests.support.builders import NOW, a_bead, a_review, a_town, an_agent, at_work, fresh, settle, with_container

HALF_HOUR = timedelta(minutes=30)


def broken(town: Town | None = None, *, seconds: float = 0, times: int = 20) -> Town:
    """A town in which so many runs came to nothing, one a second."""
    town = town or a_town()
    agent = an_agent(town, "Wreck")
    for second in range(times):
        record_failure(town, agent, RunEnd.REFUSED, fresh(seconds + second))
    return town


def test_twenty_failures_within_half_an_hour_open_it() -> None:
    """Until the first of them is half an hour ago; one escalation says so."""
    town = broken(times=19)
    assert breaker_until(town, NOW + timedelta(seconds=19)) is None

    record_failure(town, town.agents[next(iter(town.agents))], RunEnd.LOST, fresh(19))

    assert breaker_until(town, NOW + timedelta(seconds=19)) == NOW + HALF_HOUR
    assert breaker_until(town, NOW + HALF_HOUR) is None
    assert [escalation.cause for escalation in town.escalations.values()] == ["dispatch_breaker"]


def test_each_opening_is_escalated_once() -> None:
    """Failures of an open breaker add nothing; a new opening after it was acknowledged is told again."""
    town = broken(times=25)
    [first] = town.escalations
    acknowledge_escalation(town, first, "user-1", fresh(60))
    broken(town, seconds=61, times=2)
    assert town.escalations == {}

    broken(town, seconds=7200)

    assert len(town.escalations) == 1
    assert len(town.failed_starts) == 20


@pytest.mark.parametrize("how", [RunEnd.EVICTED, RunEnd.RELEASED, RunEnd.CANCELLED, RunEnd.DONE])
def test_healthy_and_planned_ends_are_not_counted(how: RunEnd) -> None:
    """Only what came to nothing is."""
    town = a_town()
    for _ in range(30):
        record_failure(town, an_agent(town), how, fresh())

    assert town.failed_starts == []


def test_nothing_is_started_while_it_is_open_and_the_town_wakes_when_it_closes() -> None:
    """No container either: it is asked for five minutes before, like for any work that waits."""
    town = broken()
    a_bead(town)
    a_review(town, None)
    settle(town, 20)
    closes = NOW + HALF_HOUR

    assert (town.container.state, is_wanted(town, NOW + timedelta(seconds=20))) == (ContainerState.NONE, False)
    assert next_wake_up(town, NOW + timedelta(seconds=20)) == closes - timedelta(minutes=5)
    assert decide(town, closes - timedelta(minutes=5, seconds=1)) == ()

    settle(town, 1500)

    assert town.container.state is ContainerState.CLAIMED
    assert [bead.assignee for bead in town.beads.values()] == [None]

    settle(town, 1800)

    assert all(bead.assignee for bead in town.beads.values())
    assert all(review.assignee for review in town.reviews.values())


def test_hooked_agents_wait_too_and_those_at_work_go_on() -> None:
    """What runs is healthy until it fails."""
    town = with_container(broken(), heard=20)
    waits, works = a_bead(town), a_bead(town, "bead-2")
    hook(town, an_agent(town), waits, fresh(1))
    at_work(town, an_agent(town, "Maple"), works, 1)

    settle(town, 21)

    assert (waits.status, works.status) == (BeadStatus.OPEN, BeadStatus.IN_PROGRESS)
    assert is_wanted(town, NOW + timedelta(seconds=21))
