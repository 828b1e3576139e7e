"""A person says something to a mayor that sleeps; the mayor makes a convoy of it, and the convoy lands."""

import json

import pytest

from tests.e2e.story import PATIENCE_SECONDS, Story, wait_until, writes

pytestmark = pytest.mark.e2e


def test_a_message_becomes_a_convoy_that_lands(story: Story) -> None:
    """The message starts a container, the container a mayor, and the mayor slings with its own tools."""
    tasks = json.dumps([{"title": "A", "body": writes("a.txt", "a")}, {"title": "B", "body": writes("b.txt", "b")}])
    order = f"gt sling-batch --rig-id {story.rig_id} --convoy-title House --tasks '{tasks}' --parallel"
    said = story.api.call(
        "POST", f"/api/towns/{story.town_id}/mayor/message", {"message": f"Build it:\n\n```demo\n{order}\n```\n"}
    )
    assert "starting" == said["sessionStatus"]

    convoys = f"/api/towns/{story.town_id}/convoys"
    wait_until(lambda: bool(story.api.call("GET", convoys)), PATIENCE_SECONDS)
    [convoy] = story.api.call("GET", convoys)

    assert "mayor" == convoy["created_by"]
    assert "landed" == story.wait_for_convoy(convoy["id"])
    assert ("a", "b") == (story.file("a.txt").strip(), story.file("b.txt").strip())
    session = story.api.call("GET", f"/api/towns/{story.town_id}/mayor/status")["session"]
    assert (said["agentId"], "idle") == (session["agentId"], session["status"])
