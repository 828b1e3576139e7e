"""The one policy of whatever is tried again, and the series that the facts name."""

from datetime import timedelta

import pytest

from gastown.domain import attempts
from gastown.domain.attempts import CONTAINERS, JOBS, LANDINGS, MERGES, PUSHES, SESSIONS, STARTS, Policy, doubling

SERIES = {
    "starts": (STARTS, [15, 30, 60, 120, 300, 600, 600]),
    "landings": (LANDINGS, [0, 60, 120, 240, 480, 960, 1800, 1800]),
    "containers": (CONTAINERS, [0, 30, 60, 120, 240, 480, 600, 600]),
    "merges": (MERGES, [0, 2, 4, 8, 16, 30, 30, 30, 30]),
    "sessions of the mayor": (SESSIONS, [0, 15, 30, 60, 120, 240]),
    "jobs": (JOBS, [15, 30, 60, 120, 300, 600]),
    "pushes": (PUSHES, [0, 30, 60, 120, 240, 480, 960]),
}


@pytest.mark.parametrize(("policy", "seconds"), SERIES.values(), ids=SERIES)
def test_waits_follow_their_series(policy: Policy, seconds: list[int]) -> None:
    """By the tries that were used; the last wait holds from there on (reconciler facts, appendix A)."""
    assert [policy.wait(used).total_seconds() for used in range(len(seconds))] == seconds


def test_every_policy_ends() -> None:
    """There is no policy without a bound, and none that waits a negative time."""
    policies = [value for value in vars(attempts).values() if isinstance(value, Policy)]

    assert len(policies) > len(SERIES)
    for policy in policies:
        assert (False, True) == (policy.is_over(policy.most - 1), policy.is_over(policy.most))
        assert min(policy.waits) >= timedelta(0)


def test_a_doubling_series_stops_at_its_longest() -> None:
    """Without a longest it goes on doubling."""
    minute = timedelta(minutes=1)

    assert doubling(minute, 4, 3 * minute) == (0 * minute, minute, 2 * minute, 3 * minute, 3 * minute)
    assert doubling(minute, 3) == (0 * minute, minute, 2 * minute, 4 * minute)
