"""A container that is killed in mid-convoy costs time and nothing else."""

import pytest

from tests.e2e.story import Story, chain, kill_group, wait_until

pytestmark = pytest.mark.e2e


def test_a_convoy_lands_although_its_container_is_killed(story: Story) -> None:
    """The next generation takes over, and the work is done once."""
    order = {"rig_id": story.rig_id, "convoy_title": "Hold on", "tasks": chain(["one.txt", "two.txt"], wait=2)}
    convoy_id = story.api.sling_convoy(story.town_id, order)["convoy"]["id"]
    assert wait_until(lambda: any(event["new_value"] == "in_progress" for event in story.events("status_changed")))

    kill_group(story.container_process())
    assert wait_until(lambda: story.debug("GET", "/status")["alarmStatus"]["container"]["state"] == "none", 30)
    story.move_clock(35)

    assert story.wait_for_convoy(convoy_id) == "landed"
    assert [story.file("one.txt"), story.file("two.txt")] == ["one.txt", "two.txt"]
    assert story.debug("GET", "/status")["alarmStatus"]["container"]["generation"] == 2
