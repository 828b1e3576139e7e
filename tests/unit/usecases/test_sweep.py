"""The sweep finds what was lost, and nothing else."""

from datetime import timedelta

from gastown.domain.errors import Unavailable
from gastown.usecases.sweep import GRACE, PATIENCE, sweep
from tests.support.stage import TOWN, Stage


def test_a_quiet_stack_has_nothing_to_sweep() -> None:
    """No wake, no call."""
    stage = Stage()

    report = sweep(stage.uow, stage.life_cycle)

    assert (report.overdue, report.stuck, report.failed) == ([], [], [])
    assert stage.wake_queue.wakes == []


def test_an_overdue_town_is_woken_once_a_minute() -> None:
    """A town that is due this second is left to its own wake."""
    stage = Stage()
    stage.directory.set_due(TOWN, stage.now)

    assert sweep(stage.uow, stage.life_cycle).overdue == []
    stage.clock.move(GRACE)
    assert sweep(stage.uow, stage.life_cycle).overdue == [TOWN]
    assert sweep(stage.uow, stage.life_cycle).overdue == [TOWN]
    assert len({wake.dedup for wake in stage.wake_queue.wakes}) == 1


def test_a_town_that_is_stuck_half_made_is_advanced() -> None:
    """After the life cycle function had all its time."""
    stage = Stage()
    stage.add_row("making", "creating")
    stage.add_row("leaving", "deleting")

    assert sweep(stage.uow, stage.life_cycle).stuck == []
    stage.clock.move(PATIENCE + timedelta(seconds=1))
    assert sweep(stage.uow, stage.life_cycle).stuck == ["making", "leaving"]
    assert stage.life_cycle.asked == ["making", "leaving"]


def test_one_failure_stops_no_other() -> None:
    """Each is noted by its town."""
    stage = Stage()
    stage.directory.set_due("a", stage.now - GRACE)
    stage.directory.set_due("b", stage.now - GRACE)
    stage.wake_queue.failure = Unavailable("away")

    report = sweep(stage.uow, stage.life_cycle)

    assert report.failed == ["a: away", "b: away"]
