"""The bench's own parts: what counts as over, and what a convoy costs."""

import pytest

from gastown.ports.town_store import Commit, LiveItem
from tests.bench.budget import Budget, table
from tests.bench.counted import CountedStore
from tests.bench.player import BEAT, Player
from tests.bench.town_figures import bill, dollars
from tests.support.stage import TOWN, Stage


@pytest.mark.parametrize(("measured", "verdict"), [(0.99, "ok"), (1.0, "ok"), (1.01, "OVER")])
def test_a_budget_holds_up_to_its_bound(measured: float, verdict: str) -> None:
    """Equal is not over."""
    assert verdict == Budget(name="x", measured=measured, unit="s", bound=1.0).verdict


def test_a_figure_without_a_bound_is_told_without_a_verdict() -> None:
    """It is there for comparison."""
    lines = table(
        [Budget(name="compared", measured=3, unit="ticks"), Budget(name="over", measured=2, unit="", bound=1)]
    )

    assert ["compared" in lines[1], "OVER" in lines[1], "OVER" in lines[2]] == [True, False, True]


def test_units_are_counted_by_size_and_doubled_in_transactions() -> None:
    """2.5 KB are three write units, six in a transaction, with the directory's row eight."""
    stage = Stage()
    store = CountedStore(stage.store)
    version = stage.town.version
    meta = next(item for item in store.load(TOWN) if item.key == "META")
    body = {**meta.body, "name": "x" * 1_900, "version": version + 1}

    store.commit(Commit(town_id=TOWN, expected=version, puts=(LiveItem(key="META", version=version + 1, body=body),)))

    assert (1, 1) == (store.calls["load"], store.calls["commit"])
    assert store.writes in (6, 8)


def test_the_standard_convoy_lands_in_both_ways_of_ticking_and_the_town_rests_after_ours() -> None:
    """The same work, fewer ticks, and none in the day after."""
    ours, loop = Player(looping=False).play(), Player(looping=True).play()

    assert (0, 288) == (ours.idle_ticks, loop.idle_ticks)
    assert ours.ticks < loop.ticks
    assert abs(ours.beats - loop.beats) <= 300 / BEAT.total_seconds()
    assert dollars(ours) == pytest.approx(sum(bill(ours).values()))
