"""An agent that fails again and again: starts wait longer, five are enough, and a person is told until they hear."""

from datetime import datetime
from typing import Any

import pytest

from tests.e2e.story import Story, wait_until

pytestmark = pytest.mark.e2e
SERIES = [30, 60, 120, 300]
"""Seconds before the second to the fifth start."""

HOUR = 3600.0


def moments(story: Story, old: str, new: str) -> list[datetime]:
    """When the bead moved from one status to another."""
    moved = [one for one in story.events("status_changed") if (one["old_value"], one["new_value"]) == (old, new)]
    return [datetime.fromisoformat(one["created_at"]) for one in moved]


def escalation(story: Story) -> dict[str, Any]:
    """The town's one escalation."""
    [raised] = story.api.call("GET", f"/api/towns/{story.town_id}/escalations")
    return dict(raised)


def container(story: Story) -> str:
    """How the town's container stands."""
    return str(story.debug("GET", "/status")["alarmStatus"]["container"]["state"])


def test_starts_wait_longer_and_after_five_a_person_is_told_until_they_hear(story: Story) -> None:
    """15 s at least, then the series; then the container leaves, and the escalation rises every four hours, thrice."""
    story.api.configure(story.town_id, {"auto_triage": False})
    bead_id = story.sling("Fail", "```demo\nfail on purpose\n```\n")
    for turn, wait in enumerate(SERIES, 1):
        assert wait_until(lambda turn=turn: len(moments(story, "in_progress", "open")) == turn)  # type: ignore[misc]
        story.move_clock(wait + 1)
    assert wait_until(lambda: story.bead(bead_id)["status"] == "failed")

    starts, ends = moments(story, "open", "in_progress"), moments(story, "in_progress", "open")
    waited = [(start - end).total_seconds() for start, end in zip(starts[1:], ends, strict=True)]
    assert all(want <= got for want, got in zip(SERIES, waited, strict=True)), waited
    assert 5 == len(starts)

    _is_told_again(story)


def _is_told_again(story: Story) -> None:
    assert ("high", 0) == (escalation(story)["severity"], escalation(story)["re_escalation_count"])
    story.move_clock(4 * 60)
    assert "ready" == container(story)
    story.move_clock(2 * 60)
    assert wait_until(lambda: container(story) == "none")

    for step in (1, 2, 3):
        story.move_clock(4 * HOUR)
        assert wait_until(lambda step=step: escalation(story)["re_escalation_count"] == step)  # type: ignore[misc]
    assert "critical" == escalation(story)["severity"]
    story.move_clock(8 * HOUR)
    assert 3 == escalation(story)["re_escalation_count"]
    assert "none" == container(story)
