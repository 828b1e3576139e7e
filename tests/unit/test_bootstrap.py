"""The bootstrap makes each thing once, and lets tests put their own in place."""

from pathlib import Path

import pytest

from gastown import bootstrap
from gastown.adapters.system.clock import OffsetClock
from gastown.adapters.system.clock_offset import FileClockOffset
from gastown.settings import Settings
from gastown.usecases.unit_of_work import UnitOfWork
from tests.support.fakes.clock import FixedClock

FULL = Settings(
    stage="local", directory_table="directory", table_prefix="town-", wake_queue_url="http://q/wake",
    effects_queue_url="http://q/effects", alarm_queue_url="http://q/alarm", alarm_queue_arn="arn:alarm",
    alarm_schedule_group="group", scheduler_role_arn="arn:role", signing_secret_arn="arn:secret",
    towns_function="towns", convoy_machine_arn="arn:aws:states:us-east-1:000000000000:stateMachine:convoy",
)  # fmt: skip
NAMES = (
    "unit_of_work",
    "store",
    "directory",
    "town_tables",
    "wake_queue",
    "effects_queue",
    "alarm",
    "container_runtime",
    "workflows",
    "secrets",
    "doorbell",
    "push_channel",
    "life_cycle",
    "clock",
    "ids",
    "reconciler",
    "outside",
)


@pytest.mark.parametrize("name", NAMES)
def test_everything_is_made_once_and_without_the_network(name: str) -> None:
    """Adapters make their clients on first use."""
    with bootstrap.replace(settings=FULL):
        make = getattr(bootstrap, name)

        assert make() is make()


def test_a_replacement_reaches_what_is_made_of_it() -> None:
    """And is gone with its block."""
    clock, inner = FixedClock(), FixedClock()
    with bootstrap.replace(settings=FULL, clock=clock):
        work: UnitOfWork = bootstrap.unit_of_work()
        assert work.clock is clock
        with bootstrap.replace(clock=inner):
            assert bootstrap.unit_of_work().clock is inner
        assert bootstrap.unit_of_work() is work


def test_an_unknown_name_is_refused() -> None:
    """A misspelt fake would let the real thing through."""
    with pytest.raises(TypeError, match="clocc"), bootstrap.replace(clocc=FixedClock()):
        pass


def test_a_missing_setting_is_named() -> None:
    """Only by who needs it."""
    with bootstrap.replace(settings=Settings()), pytest.raises(ValueError, match="GASTOWN_WAKE_QUEUE_URL"):
        bootstrap.wake_queue()


def test_a_movable_clock_is_read_again_for_each_piece_of_work(tmp_path: Path) -> None:
    """Between two pieces somebody may have moved it."""
    with bootstrap.replace(settings=Settings(stage="local", clock_file=str(tmp_path / "clock"))):
        clock = bootstrap.clock()
        before = clock.now()
        FileClockOffset(str(tmp_path / "clock")).add(3_600_000)
        bootstrap.begin_work()

        assert isinstance(clock, OffsetClock)
        assert 3_600 <= (clock.now() - before).total_seconds() < 3_660
