"""How long a run of a bead may take."""

from datetime import timedelta
from typing import Any

import pytest

from gastown.domain.errors import Invalid
from gastown.domain.slinging import Task, sling_bead
from gastown.domain.timing import check_time_limit, time_limit
from tests.support.builders import RIG, a_bead, a_town, fresh


@pytest.mark.parametrize(
    ("metadata", "limit"),
    [
        ({}, timedelta(hours=4)),
        ({"timeout_ms": 90_000}, timedelta(seconds=90)),
        ({"timeout_ms": 90_000.0}, timedelta(seconds=90)),
    ],
)
def test_a_bead_says_its_limit_in_milliseconds(metadata: dict[str, Any], limit: timedelta) -> None:
    """Or has four hours."""
    check_time_limit(metadata)

    assert time_limit(a_bead(a_town(), metadata=metadata)) == limit


@pytest.mark.parametrize(
    "said", ["90000", None, True, 0, -1, 999, 1e300, float("inf"), float("nan"), 1500.5, 8 * 24 * 3600 * 1000, [], {}]
)
def test_a_limit_that_makes_no_sense_is_refused_and_creates_nothing(said: object) -> None:
    """The field is named; one that got there otherwise counts as not said."""
    town = a_town()

    with pytest.raises(Invalid) as refusal:
        sling_bead(town, RIG, Task(title="t", metadata={"timeout_ms": said}), "user-1", fresh())

    assert (refusal.value.field, town.beads) == ("metadata.timeout_ms", {})
    assert time_limit(a_bead(town, metadata={"timeout_ms": said})) == timedelta(hours=4)
