"""An agent that is not heard of for 90.0 s is lost, at 89.9 s it is not, and its old token opens nothing any more."""

import os
import signal
import threading
import time
from datetime import datetime, timedelta
from typing import Any, Self

import pytest

from infra.local.demo_api import TownApi
from tests.e2e.story import Story, wait_until, writes

pytestmark = pytest.mark.e2e
STALE = timedelta(seconds=90)
MARGIN = 10.0
"""Seconds of real time that a slow machine may take between a look at the clock and the next."""


class PlayedContainer:
    """Beats in the place of a container that is held still, and knows of no agent."""

    def __init__(self, story: Story) -> None:
        """Take the container's token."""
        token = story.debug("POST", "/tokens", {})["token"]
        self.api = TownApi(api=story.stack.api, user_id="", user_token=token)
        self.path = f"/api/towns/{story.town_id}/container/heartbeat"
        self.begun, self.over = threading.Event(), threading.Event()
        self.commands: list[dict[str, Any]] = []
        self.heart = threading.Thread(target=self._beat)

    def __enter__(self) -> Self:
        """Begin to beat: from here on the container is heard, and only the agent is not."""
        self.heart.start()
        assert self.begun.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        """Beat no more."""
        self.over.set()
        self.heart.join()
        self.api.client.close()

    def _beat(self) -> None:
        while not self.over.wait(0.2):
            self.commands = self.api.call("POST", self.path, {"generation": 1, "agents": []})["commands"]
            self.begun.set()


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
    """The town says to the tenth when, and does it then; the bead starts again and the old run's word is refused."""
    bead_id = story.sling("Think", writes("thought.txt", "at last", wait=600))
    assert wait_until(lambda: story.api.agents(story.town_id, story.rig_id) != [] and _has_begun(story))
    story.move_clock(40)
    process = story.container_process()
    os.kill(process, signal.SIGSTOP)
    try:
        time.sleep(1)
        old, heard = story.debug("POST", "/tokens", {"agent_id": agent_of(story)["id"]}), last_sign(story)
        with PlayedContainer(story) as played:
            _lose(story, bead_id, heard)
            _replace(story, played)
        assert agent_of(story)["dispatch"] == old["dispatch"] + 1
        assert _report_done(story, str(old["token"])) == 409
    finally:
        os.kill(process, signal.SIGCONT)


def _has_begun(story: Story) -> bool:
    """Whether it said what it is at: its own words are no sign of life, so the last sign has to be a later beat."""
    return bool(story.api.agents(story.town_id, story.rig_id)[0]["agent_status_message"])


def _lost_at(story: Story, moment: datetime) -> bool:
    """Whether a tick at this moment would take the run for lost, if nothing is heard before."""
    actions = story.debug("POST", "/reconcile-dry-run", {"at": moment.isoformat()})["actions"]
    return any(action.startswith("LoseRun") for action in actions)


def _lose(story: Story, bead_id: str, heard: datetime) -> None:
    assert (False, True) == (_lost_at(story, heard + timedelta(seconds=89.9)), _lost_at(story, heard + STALE))
    step = story.api.call("GET", f"{story.rig}/agents/{agent_of(story)['id']}/explain")["next_step"]
    assert ("lose_silent_runs", heard + STALE) == (step["rule"], datetime.fromisoformat(step["at"]))
    while (left := (heard + STALE - story.now()).total_seconds()) > MARGIN + 5:
        story.move_clock(min(left - MARGIN, 40))

    assert story.now() < heard + STALE
    assert (agent_of(story)["status"], story.bead(bead_id)["status"]) == ("working", "in_progress")

    story.move_clock(MARGIN + 2)
    assert wait_until(lambda: story.bead(bead_id)["status"] == "open", 20)

    lost = [event for event in story.events("status_changed") if event["old_value"] == "in_progress"]
    assert datetime.fromisoformat(lost[-1]["created_at"]) >= heard + STALE


def _replace(story: Story, played: PlayedContainer) -> None:
    story.move_clock(35)
    assert wait_until(lambda: any(c["kind"] == "start" and c["dispatch"] > 1 for c in played.commands), 20)


def _report_done(story: Story, token: str) -> int:
    path = f"{story.rig}/agents/{agent_of(story)['id']}/done"
    body = {"branch": "late", "head_sha": "0" * 40}
    return story.api.send("POST", path, json=body, headers={"Authorization": f"Bearer {token}"}).status_code
