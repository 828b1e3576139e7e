"""A convoy whose feature branch does not merge: five landings, each after a longer wait, and then a person decides."""

from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from infra.local.demo_repository import git
from tests.e2e.story import Story, wait_until, writes

pytestmark = pytest.mark.e2e
SERIES = [60, 120, 240, 480]
"""Seconds from one landing to the next."""


def landings(story: Story, convoy_id: str) -> list[datetime]:
    """When landing reviews were opened."""
    opened = [event for event in story.events("review_submitted") if event["bead_id"] == convoy_id]
    return [datetime.fromisoformat(event["created_at"]) for event in opened]


def contradict(story: Story, folder: Path) -> None:
    """Somebody changes the same line on the default branch."""
    git("clone", "--quiet", str(story.repository.path), str(folder))
    (folder / "README.md").write_text("A place to rest in.\n")
    author = ("-c", "user.name=A Person", "-c", "user.email=person@localhost")
    git(*author, "commit", "--quiet", "--all", "--message", "Rest", folder=folder)
    git("push", "--quiet", "origin", "main", folder=folder)


def test_landings_wait_longer_and_end_with_a_person(story: Story, tmp_path: Path) -> None:
    """The convoy stays active, keeps nobody awake, and says in its escalation where its work is."""
    story.api.configure(story.town_id, {"auto_triage": False, "refinery": {"auto_resolve_merge_conflicts": False}})
    tasks = [
        {"title": "Change", "body": writes("README.md", "A place to play in.")},
        {"title": "More", "body": writes("more.txt", "more", wait=1), "depends_on": [0]},
    ]
    order = {"rig_id": story.rig_id, "convoy_title": "Collide", "tasks": tasks}
    slung = story.api.sling_convoy(story.town_id, order)
    convoy_id, first = slung["convoy"]["id"], slung["beads"][0]["bead"]["bead_id"]
    assert wait_until(lambda: story.bead(first)["status"] == "closed")
    contradict(story, tmp_path / "person")

    for turn, wait in enumerate(SERIES, 1):
        assert wait_until(lambda turn=turn: _failed(story, convoy_id) == turn)  # type: ignore[misc]
        story.move_clock(wait)
    assert wait_until(lambda: _failed(story, convoy_id) == len(SERIES) + 1)
    story.move_clock(20)

    opened = landings(story, convoy_id)
    waited = [(later - earlier).total_seconds() for earlier, later in pairwise(opened)]
    assert len(SERIES) == len(waited)
    assert all(want <= got for want, got in zip(SERIES, waited, strict=True)), waited
    assert "active" == story.convoy_state(convoy_id)
    told = [one["title"] for one in story.api.call("GET", f"/api/towns/{story.town_id}/escalations")]
    assert any(title.startswith("Convoy cannot land") for title in told)
    assert "A place to rest in." == story.file("README.md").strip()


def _failed(story: Story, convoy_id: str) -> int:
    """How many landing reviews have failed."""
    completed = [event for event in story.events("review_completed") if event["bead_id"] == convoy_id]
    return sum(event["new_value"] == "failed" for event in completed)
