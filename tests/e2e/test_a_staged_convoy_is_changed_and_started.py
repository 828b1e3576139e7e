"""A staged convoy waits, can be changed, and lands what is in it when somebody starts it; then the container leaves."""

import pytest

from tests.e2e.story import Story, wait_until, writes

pytestmark = pytest.mark.e2e


def test_a_staged_convoy_lands_what_was_in_it_when_it_was_started(story: Story) -> None:
    """A bead is taken out, another one put in; nothing moves before the start, and nothing stays up afterwards."""
    tasks = [{"title": "Keep", "body": writes("kept.txt", "kept")}, {"title": "Drop", "body": writes("no.txt", "no")}]
    order = {"rig_id": story.rig_id, "convoy_title": "Staged", "tasks": tasks, "staged": True}
    slung = story.api.sling_convoy(story.town_id, order)
    convoy_id, dropped = slung["convoy"]["id"], slung["beads"][1]["bead"]["bead_id"]
    convoy = f"/api/towns/{story.town_id}/convoys/{convoy_id}"
    held = {"title": "Add", "body": writes("added.txt", "added"), "held": True}
    added = story.api.call("POST", f"{story.rig}/beads", held)["bead_id"]

    story.api.call("PATCH", f"{story.rig}/beads/{dropped}", {"labels": ["gt:held"]})
    story.api.call("POST", f"{convoy}/remove-bead", {"bead_id": dropped})
    story.api.call("POST", f"{convoy}/add-bead", {"bead_id": added})
    story.api.call("DELETE", f"{story.rig}/beads/{dropped}")
    story.api.call("POST", f"{story.rig}/beads/{added}/start")
    waits = story.api.call("GET", f"{convoy}/explain")["waits_for"]
    assert ["person"] == [one["what"] for one in waits]
    assert "none" == story.debug("GET", "/status")["alarmStatus"]["container"]["state"]

    story.api.call("POST", f"{convoy}/start")
    assert "landed" == story.wait_for_convoy(convoy_id)
    assert ["kept", "added"] == [story.file("kept.txt").strip(), story.file("added.txt").strip()]

    story.move_clock(6 * 60)
    assert wait_until(lambda: story.debug("GET", "/status")["alarmStatus"]["container"]["state"] == "none")
