"""An agent that is not heard of for 90 s is lost, not earlier, and its old token opens nothing any more."""

import os
import signal
import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.e2e.story import Story, wait_until, writes

pytestmark = pytest.mark.e2e
STALE = timedelta(seconds=90)


class PlayedContainer:
    """Beats in the place of a container that is held still, and knows of no agent."""

    def __init__(self, story: Story) -> None:
        """Take the container's token."""
        self.story = story
        self.headers = {"Authorization": f"Bearer {story.debug('POST', '/tokens', {})['token']}"}

    def beat(self) -> list[dict[str, Any]]:
        """One heartbeat without agents; the commands that wait."""
        path, body = f"/api/towns/{self.story.town_id}/container/heartbeat", {"generation": 1, "agents": []}
        commands: list[dict[str, Any]] = self.story.api.send("POST", path, json=body, headers=self.headers).json()[
            "data"
        ]["commands"]
        return commands


def agent_of(story: Story) -> dict[str, Any]:
    """The town's one agent, as operators see it."""
    agents: list[dict[str, Any]] = story.debug("GET", "/status")["agentMeta"]
    return agents[0]


def last_sign(story: Story) -> datetime:
    """When the agent was last heard of: accepted, or its last pulse."""
    shown = story.api.agents(story.town_id, story.rig_id)[0]["last_activity_at"]
    signs = [shown, agent_of(story)["run"]["accepted_at"]]
    return max(datetime.fromisoformat(sign) for sign in signs if sign)


def test_a_silent_agent_is_lost_after_90_seconds_and_its_old_token_is_stale(story: Story) -> None:
    """At 87 s it still works, at 90 s the run is lost; the bead starts again and the old run's word is refused."""
    bead_id = story.sling("Think", writes("thought.txt", "at last", wait=600))
    assert wait_until(lambda: story.api.agents(story.town_id, story.rig_id) != [] and _is_accepted(story))
    process = story.container_process()
    os.kill(process, signal.SIGSTOP)
    try:
        time.sleep(1)
        _lose_and_replace(story, bead_id)
    finally:
        os.kill(process, signal.SIGCONT)


def _is_accepted(story: Story) -> bool:
    run = agent_of(story)["run"]
    return run is not None and run["accepted_at"] is not None


def _lose_and_replace(story: Story, bead_id: str) -> None:
    played, heard = PlayedContainer(story), last_sign(story)
    old = story.debug("POST", "/tokens", {"agent_id": agent_of(story)["id"]})
    while (left := (heard + STALE - story.now()).total_seconds()) > 5:
        played.beat()
        story.move_clock(min(left - 3, 40))

    assert story.now() < heard + STALE
    assert (agent_of(story)["status"], story.bead(bead_id)["status"]) == ("working", "in_progress")

    played.beat()
    story.move_clock(6)
    assert wait_until(lambda: story.bead(bead_id)["status"] == "open", 20)

    lost = [event for event in story.events("status_changed") if event["old_value"] == "in_progress"]
    assert datetime.fromisoformat(lost[-1]["created_at"]) >= heard + STALE

    played.beat()
    story.move_clock(16)
    assert wait_until(lambda: any(c["kind"] == "start" and c["dispatch"] > 1 for c in played.beat()), 20)
    assert agent_of(story)["dispatch"] == old["dispatch"] + 1
    assert _report_done(story, str(old["token"])) == 409


def _report_done(story: Story, token: str) -> int:
    path = f"{story.rig}/agents/{agent_of(story)['id']}/done"
    body = {"branch": "late", "head_sha": "0" * 40}
    return story.api.send("POST", path, json=body, headers={"Authorization": f"Bearer {token}"}).status_code
