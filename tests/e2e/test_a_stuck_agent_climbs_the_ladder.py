"""An agent that lives and does nothing is nudged after 15 minutes, asked about after an hour, stopped after two."""

import pytest

from tests.e2e.story import Story, wait_until, writes

pytestmark = pytest.mark.e2e
MINUTE = 60.0


def run_of(story: Story, bead_id: str) -> dict[str, object]:
    """The last run of the agent on a bead, as operators see it."""
    agents = story.debug("GET", "/status")["agentMeta"]
    run: dict[str, object] = next(agent["run"] for agent in agents if agent["run"] and agent["run"]["hook"] == bead_id)
    return run


def test_the_ladder_has_three_steps_and_ends_the_run(story: Story) -> None:
    """The agent's program says a line and then sleeps for hours; its container beats for it all the time."""
    story.api.configure(story.town_id, {"auto_triage": False})
    bead_id = story.sling("Sleep", writes("late.txt", "late", wait=100_000))
    assert wait_until(lambda: story.bead(bead_id)["status"] == "in_progress")
    assert wait_until(lambda: run_of(story, bead_id)["accepted_at"] is not None)
    # What it prints next comes minutes later by a clock that moves; the margins below are wider than that.
    assert wait_until(story.is_at_work)

    story.move_clock(14 * MINUTE)
    assert run_of(story, bead_id)["warned_at"] is None
    story.move_clock(4 * MINUTE)
    assert run_of(story, bead_id)["warned_at"] is not None

    story.move_clock(45 * MINUTE)
    run = run_of(story, bead_id)
    assert (True, None) == (run["escalated_at"] is not None, run["stalled_at"])

    story.move_clock(62 * MINUTE)
    assert wait_until(lambda: story.bead(bead_id)["dispatch_attempts"] >= 1 and run_of(story, bead_id)["dispatch"] != 1)
    story.api.call("POST", f"{story.rig}/beads/{bead_id}/close")
