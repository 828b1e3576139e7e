"""A container that ECS calls running and that nobody hears: its work is lost after 90 s, itself after five minutes."""

import os
import signal
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.story import Story, wait_until

pytestmark = pytest.mark.e2e
MINUTE = timedelta(minutes=1)


def container(story: Story) -> dict[str, Any]:
    """How the town's container stands."""
    shown: dict[str, Any] = story.debug("GET", "/status")["alarmStatus"]["container"]
    return shown


def is_accepted(story: Story) -> bool:
    """Whether the town's one agent runs by its container's word."""
    agents = story.debug("GET", "/status")["agentMeta"]
    return any(agent["run"] is not None and agent["run"]["accepted_at"] is not None for agent in agents)


def move_to(story: Story, moment: datetime) -> None:
    """Move the clock to this moment, if it is ahead."""
    story.move_clock(max(1.0, (moment - story.now()).total_seconds()))


def test_work_of_a_silent_container_goes_on_in_the_next(story: Story, tmp_path: Path) -> None:
    """Nothing is started in it meanwhile; its successor does the work, which is merged once."""
    gate = tmp_path / "go"
    bead_id = story.sling(
        "Write", f"```demo\nrun while [ ! -e {gate} ]; do sleep 0.2; done\nwrite part.txt\n  part\n```\n"
    )
    assert wait_until(lambda: is_accepted(story))
    process, since = story.container_process(), story.now()
    os.kill(process, signal.SIGSTOP)
    try:
        move_to(story, since + 2 * MINUTE)
        assert wait_until(lambda: story.bead(bead_id)["status"] == "open")
        move_to(story, since + 4 * MINUTE)
        assert ("ready", 1) == (container(story)["state"], container(story)["generation"])
        assert 1 == story.bead(bead_id)["dispatch_attempts"]

        move_to(story, since + 7 * MINUTE)
        assert wait_until(lambda: container(story)["generation"] == 2), container(story)
        gate.touch()
        assert wait_until(lambda: story.bead(bead_id)["status"] == "closed"), story.bead(bead_id)
    finally:
        os.kill(process, signal.SIGCONT)

    assert "part" == story.file("part.txt")
    assert 2 == container(story)["generation"]
    assert 1 == sum(event["new_value"] == "merged" for event in story.events("review_completed"))
