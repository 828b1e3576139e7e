"""The standard convoy in virtual time, what it asks for, and what that costs."""

from datetime import timedelta
from typing import Any, cast

import pytest

from gastown.ports.town_store import Commit, LiveItem
from tests.bench.convoy_figures import own_requests
from tests.bench.counted import DUE, CountedStore
from tests.bench.player import LAYERS, WIDE, Figures, Player
from tests.bench.prices import PRICES, bill, per_thousand, shares
from tests.support.stage import TOWN, Stage

pytestmark = pytest.mark.timeout(60)  # two whole convoys, on a machine that may be busy


def a_commit(stage: Stage, **more: Any) -> Commit:
    """A commit of a META with a body of a little less than 3 KB."""
    version = stage.town.version + 1
    meta = next(item for item in stage.store.load(TOWN) if item.key == "META")
    body = {**meta.body, "name": "x" * 1_900, "version": version}
    return Commit(town_id=TOWN, expected=version - 1, puts=(LiveItem(key="META", version=version, body=body),), **more)


def test_units_are_counted_by_size_and_doubled_in_transactions() -> None:
    """Three kilobytes are three write units, six in a transaction."""
    stage = Stage()
    store = CountedStore(stage.store)

    store.commit(a_commit(stage))

    assert (1, 6) == (store.calls["commit"], store.writes)


def test_a_due_time_that_moves_is_paid_for() -> None:
    """The directory's row and its place in the index."""
    stage = Stage()
    store = CountedStore(stage.store)

    store.commit(a_commit(stage, due_at=stage.now))

    assert 6 + DUE == store.writes


def test_a_stale_read_costs_half() -> None:
    """A Query is charged by what it reads, in steps of 4 KB."""
    store = CountedStore(Stage().store)

    store.load(TOWN)
    whole = store.reads
    store.load(TOWN, consistent=False)

    assert (2, whole * 1.5) == (store.calls["load"], store.reads)


@pytest.fixture(scope="module")
def both() -> tuple[Figures, Figures]:
    """The standard convoy, as this town ticks and in the reference's loop."""
    return Player(looping=False).play(), Player(looping=True).play()


def test_the_standard_convoy_lands_in_both_ways_of_ticking(both: tuple[Figures, Figures]) -> None:
    """The same work, and fewer ticks and requests for it."""
    ours, loop = both

    assert (LAYERS * WIDE, LAYERS * WIDE) == (ours.landed, loop.landed)
    assert ours.ticks < loop.ticks
    assert ours.requests < loop.requests


def test_the_loop_ticks_every_five_seconds_whatever_happens_between(both: tuple[Figures, Figures]) -> None:
    """Beats and reports do not put a tick off."""
    _, loop = both

    assert loop.ticks == pytest.approx(loop.lasted / timedelta(seconds=5), abs=2)


def test_our_town_rests_for_a_day_and_the_loop_does_not(both: tuple[Figures, Figures]) -> None:
    """A day has 288 times five minutes."""
    ours, loop = both

    assert (0, 0) == (ours.idle_ticks, ours.idle_calls)
    assert 288 == loop.idle_ticks


def test_playing_again_finds_the_same(both: tuple[Figures, Figures]) -> None:
    """Nothing of it rests on chance or on the clock."""
    assert both[0] == Player(looping=False).play()


def test_a_bill_adds_up() -> None:
    """Each request at its price, and the whole over what landed."""
    figures = Figures(landed=10, writes=1_000_000, transitions=1_000)
    figures.doors["agents"] = 500_000

    assert bill(figures)["writes"] == pytest.approx(0.625)
    assert bill(figures)["convoys"] == pytest.approx(1_000 * PRICES["transition"])
    assert bill(figures)["HTTP"] == pytest.approx(0.5)
    assert bill(figures)["functions"] == pytest.approx(0.1 + 500_000 * 0.2 * 13.3334e-6)
    assert per_thousand(figures) == pytest.approx(sum(bill(figures).values()) * 100)


def test_shares_name_the_largest_first() -> None:
    """Parts of less than a per cent are left out."""
    figures = Figures(landed=1, writes=300, reads=500)

    assert shares(figures) == "writes 75 %, reads 25 %"


def test_a_stacks_own_requests_follow_from_the_template() -> None:
    """One sweep a minute, and five long polls of 20 s for each queue."""
    schedule = {"Type": "AWS::Scheduler::Schedule", "Properties": {"ScheduleExpression": "rate(1 minute)"}}
    template = {"Resources": {"A": schedule, "B": {"Type": "AWS::Lambda::EventSourceMapping"}}}

    sweep, polling = own_requests(cast("dict[str, Any]", template))

    assert (1440 * 7, 5 * 3 * 1440) == (sweep.measured, polling.measured)
    assert (None, None) == (sweep.bound, polling.bound)
