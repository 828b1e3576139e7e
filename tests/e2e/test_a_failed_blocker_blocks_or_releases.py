"""What waits for a failed bead goes on waiting, until the town's settings say otherwise."""

import pytest

from tests.e2e.story import Story, wait_until, writes

pytestmark = pytest.mark.e2e


def test_a_convoy_behind_a_failed_bead_waits_and_lands_when_it_is_released(story: Story) -> None:
    """`block` is the default: nothing starts, one escalation, the convoy stays; `release` lets the rest land."""
    story.api.configure(story.town_id, {"auto_triage": False})
    story.api.call("PATCH", story.rig, {"max_dispatch_attempts": 1})
    tasks = [
        {"title": "Fail", "body": "```demo\nfail on purpose\n```\n"},
        {"title": "Follow", "body": writes("followed.txt", "followed"), "depends_on": [0]},
    ]
    order = {"rig_id": story.rig_id, "convoy_title": "Blocked", "tasks": tasks, "merge_mode": "review-and-merge"}
    slung = story.api.sling_convoy(story.town_id, order)
    failing, following = (one["bead"]["bead_id"] for one in slung["beads"])
    convoy_id = slung["convoy"]["id"]

    assert wait_until(lambda: story.bead(failing)["status"] == "failed")
    story.move_clock(60)
    assert ("open", 0) == (story.bead(following)["status"], story.bead(following)["dispatch_attempts"])
    assert "active" == story.convoy_state(convoy_id)
    raised = story.api.call("GET", f"/api/towns/{story.town_id}/escalations")
    assert [failing] == [one["bead_id"] for one in raised]
    waits = story.api.call("GET", f"{story.rig}/beads/{following}/explain")["waits_for"]
    assert [("blocker", failing)] == [(one["what"], one["id"]) for one in waits]

    story.api.configure(story.town_id, {"failed_blockers": "release"})
    assert "landed" == story.wait_for_convoy(convoy_id)
    assert "followed" == story.file("followed.txt").strip()
    assert "failed" == story.bead(failing)["status"]
