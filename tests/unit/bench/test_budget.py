"""What counts as over, and how it is told."""

import pytest

from tests.bench.budget import Budget, spell, table
from tests.bench.code_figures import longer


@pytest.mark.parametrize(("measured", "verdict"), [(0.99, "ok"), (1.0, "ok"), (1.01, "OVER")])
def test_a_budget_holds_up_to_its_bound(measured: float, verdict: str) -> None:
    """Equal is not over."""
    assert verdict == Budget(name="x", measured=measured, unit="s", bound=1.0).verdict


def test_a_bound_of_zero_is_a_bound() -> None:
    """One request of an idle town is one too many."""
    assert ["ok", "OVER"] == [Budget(name="x", measured=n, unit="", bound=0).verdict for n in (0, 1)]


def test_a_figure_without_a_bound_is_told_without_a_verdict() -> None:
    """It is there for comparison."""
    lines = table(
        [Budget(name="compared", measured=3, unit="ticks"), Budget(name="over", measured=2, unit="", bound=1)]
    )

    assert ["compared" in lines[1], "OVER" in lines[1], "OVER" in lines[2]] == [True, False, True]


def test_columns_stand_below_each_other() -> None:
    """A bound starts where the word bound does."""
    heading, line = table([Budget(name="a long name of a budget", measured=12, unit="ms", bound=7)])

    assert heading.index("bound") == line.index("7")
    assert heading.index("measured") == line.index("12 ms")


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (3.15, "3.15"), (0.9551, "0.955"), (1792, "1,792"), (64_800.4, "64,800")]
)
def test_numbers_are_spelled_for_people(number: float, text: str) -> None:
    """No powers of ten."""
    assert text == spell(number)


def test_long_functions_are_counted_and_the_three_longest_named() -> None:
    """The bound is a share of all of them."""
    found = longer("functions", 25, {"a": 26, "b": 40, "c": 25, "d": 30, "e": 27}, share=0.5)

    assert (4, 2, "OVER") == (found.measured, found.bound, found.verdict)
    assert found.note == "b 40, d 30, e 27"
