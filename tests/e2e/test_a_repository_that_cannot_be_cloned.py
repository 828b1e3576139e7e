"""A repository that is not there yet: starts wait, a person is told which one, and work goes on when it is there."""

import pytest

from tests.e2e.story import Story, wait_until, writes

pytestmark = pytest.mark.e2e

WAITS = (30, 60, 120)
"""Seconds after the first, second and third refusal in a row."""


def test_work_waits_for_its_repository_and_a_person_is_told_which_one(story: Story) -> None:
    """Three refused starts raise one escalation and cost no attempt; the bead is done once the repository is there."""
    away = story.repository.path.with_name("moved-away.git")
    story.repository.path.rename(away)

    bead_id = story.sling("Write", writes("part.txt", "part"))
    for wait in WAITS[:2]:
        assert wait_until(lambda: story.bead(bead_id)["status"] == "open" and _is_held(story, bead_id))
        story.move_clock(wait + 1)
    assert wait_until(lambda: bool(story.api.call("GET", f"/api/towns/{story.town_id}/escalations")))

    [told] = story.api.call("GET", f"/api/towns/{story.town_id}/escalations")
    assert ("medium", "infrastructure") == (told["severity"], told["category"])
    assert "repository.git" in told["message"], told["message"]
    assert 0 == story.bead(bead_id)["dispatch_attempts"]

    away.rename(story.repository.path)
    story.move_clock(WAITS[2] + 1)
    assert wait_until(lambda: story.bead(bead_id)["status"] == "closed")
    assert "part" == story.file("part.txt")


def _is_held(story: Story, bead_id: str) -> bool:
    return "backoff" in str(story.api.call("GET", f"/api/towns/{story.town_id}/explain/{bead_id}"))
