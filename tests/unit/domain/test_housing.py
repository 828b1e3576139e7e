"""The town's container: what becomes of one that does not come up, and of one that people have replaced."""

import pytest

from gastown.domain.attempts import CONTAINERS
from gastown.domain.container import ContainerState
from gastown.domain.errors import Conflict
from gastown.domain.housing import claim_container, refuse_task, register, stop_container, stop_gracefully
from gastown.domain.limits import CONTAINER_TOLD
from gastown.domain.town import Town
from gastown.domain.warning import ABOUT_CONTAINER, acknowledge_escalation
from gastown.reconciler.explain import explain
from gastown.reconciler.rules.start_wanted_container import start_wanted_container
from gastown.reconciler.wake_ups import next_wake_up
from tests.support.builders import NOW, a_bead, a_town, fresh, settle, with_container, with_mayor


def fail_to_start(town: Town, times: int) -> None:
    """Have so many containers in a row refused by ECS."""
    for _ in range(times):
        claim_container(town, fresh())
        refuse_task(town, town.container.generation, "no capacity", fresh())


def test_a_person_is_told_once_that_no_container_comes_up() -> None:
    """After three in a row; the mayor is not, because it would need one."""
    town = a_town()
    with_mayor(town)
    fail_to_start(town, CONTAINER_TOLD - 1)
    assert {} == town.escalations
    fail_to_start(town, 5)

    assert [ABOUT_CONTAINER] == [raised.cause for raised in town.escalations.values()]
    assert "no capacity" in next(iter(town.escalations.values())).message
    assert {} == town.nudges


def test_after_a_day_of_failures_the_town_sleeps_until_a_person_has_seen_it() -> None:
    """It neither claims nor wakes; acknowledging the escalation has it try at once."""
    town = a_town()
    bead = a_bead(town)
    fail_to_start(town, CONTAINERS.most)
    [raised] = town.escalations.values()
    later = fresh(100_000)

    settle(town, 100_000)

    assert town.container.state is ContainerState.NONE
    explained = explain(town, bead.id, later.now)
    assert ["person"] == [obstacle.what for obstacle in explained.waits_for]
    town.escalations.clear()
    assert next_wake_up(town, later.now) is None
    town.escalations[raised.id] = raised
    acknowledge_escalation(town, raised.id, "user", later)
    assert len(list(start_wanted_container(town, later.now))) == 1


def test_a_container_that_came_up_forgets_the_failures_before_it() -> None:
    """One that dies later begins a new row."""
    town = a_town()
    fail_to_start(town, 2)
    claim_container(town, fresh())
    register(town, town.container.generation, "instance", fresh())
    stop_container(town, town.container.generation, "killed", fresh())

    assert (ContainerState.NONE, 1) == (town.container.state, town.container.failures)


def test_a_graceful_stop_drains_and_starts_nothing_new() -> None:
    """Only a container that is ready; when it has left, work goes on in the next generation."""
    town = with_container(a_town())
    a_bead(town)
    generation = stop_gracefully(town, fresh())
    settle(town, 1)
    assert (ContainerState.DRAINING, 1) == (town.container.state, generation)
    with pytest.raises(Conflict):
        stop_gracefully(town, fresh())

    stop_container(town, generation, "drained", fresh())
    settle(town, 2)
    assert (ContainerState.CLAIMED, 2) == (town.container.state, town.container.generation)
    assert town.container.failures == 0
    assert NOW < (town.container.deadline or NOW)
