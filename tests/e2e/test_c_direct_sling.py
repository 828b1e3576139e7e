"""Test C (REQ-3.5): review-then-land by a direct sling, through the operators' door, with platform merges.

C1 take the rig's id from the door; C2 set review-then-land; C3 sling three tasks in a chain; C4 wait until the convoy
has left the active list; C5 look at the branches, the receipts and the files. Known problems of the reference that do
not occur here: a failed blocker does not count as done (REQ-3.6), a bead cannot skip its review (REQ-3.7), and a
network error of git costs no attempt (REQ-3.8). `pr_url` stays empty, as merges are the platform's own.
"""

import pytest

from tests.e2e.story import Story, chain, wait_until

pytestmark = pytest.mark.e2e


def test_a_chain_of_three_lands_by_direct_sling(story: Story) -> None:
    """Three beads merge one after the other into the feature branch, which lands on the default branch once."""
    rigs = story.debug("GET", "/rigs")["rigs"]
    story.debug("PATCH", "/config", {"convoy_merge_mode": "review-then-land"})
    order = {"rigId": rigs[0]["id"], "convoyTitle": "Test C", "tasks": chain(["one.txt", "two.txt", "three.txt"])}
    slung = story.debug("POST", "/sling-convoy", order)
    convoy_id, feature = slung["convoy"]["id"], slung["convoy"]["feature_branch"]
    active = story.debug("GET", "/convoys")["convoys"]

    assert [(convoy["id"], convoy["total_beads"]) for convoy in active] == [(convoy_id, 3)]

    assert wait_until(lambda: story.debug("GET", "/convoys")["convoys"] == [])

    ended = story.debug("GET", f"/convoys/{convoy_id}")
    assert (ended["state"], ended["closed_beads"], ended["total_beads"]) == ("landed", 3, 3)
    assert ended["landed_at"] is not None
    assert [story.file(name) for name in ("one.txt", "two.txt", "three.txt")] == ["one.txt", "two.txt", "three.txt"]
    assert [receipt["target_branch"] for receipt in story.receipts()] == [feature, feature, feature, "main"]
    assert story.receipts()[-1]["commit_sha"] == story.repository.head()
    beads = [story.debug("GET", f"/beads/{bead['bead']['bead_id']}")["bead"] for bead in slung["beads"]]
    assert [bead["status"] for bead in beads] == ["closed"] * 3
    assert [bead["metadata"].get("pr_url") for bead in beads] == [None] * 3
