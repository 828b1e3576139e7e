"""The execution is a handle: people stop a convoy in the console, start it again, and hold it back before it begins."""

from typing import Any

import pytest

from tests.e2e.story import Story, chain, wait_until, writes

pytestmark = pytest.mark.e2e


def step_functions(story: Story) -> Any:
    """The console's side of the stack."""
    return story.aws("stepfunctions")


def sling(story: Story, tasks: list[dict[str, Any]], *, staged: bool) -> str:
    """Sling a convoy; its id."""
    order = {"rig_id": story.rig_id, "convoy_title": "Handle", "tasks": tasks, "staged": staged}
    return str(story.api.call("POST", f"/api/towns/{story.town_id}/convoys/sling", order)["convoy"]["id"])


def executions(story: Story, convoy_id: str) -> dict[str, str]:
    """The executions of a convoy by name, with their status."""
    listed = step_functions(story).list_executions(stateMachineArn=story.stack.outputs["ConvoyMachineArn"])
    return {run["name"]: run["status"] for run in listed["executions"] if convoy_id in run["name"]}


def test_a_staged_convoy_waits_for_its_start(story: Story) -> None:
    """Nothing is assigned before a person says so; starting it twice is refused."""
    convoy_id = sling(story, chain(["first.txt"]), staged=True)
    assert wait_until(lambda: len(executions(story, convoy_id)) == 1)
    start = f"/api/towns/{story.town_id}/convoys/{convoy_id}/start"

    assert story.convoy_state(convoy_id) == "staged"
    assert story.api.agents(story.town_id, story.rig_id) == []

    assert story.api.call("POST", start)["state"] == "active"
    assert story.api.send("POST", start).status_code == 409
    assert story.wait_for_convoy(convoy_id) == "landed"
    assert wait_until(lambda: set(executions(story, convoy_id).values()) == {"SUCCEEDED"})


def test_stopping_the_execution_stops_the_convoy_and_starting_it_again_resumes_it(story: Story) -> None:
    """Running agents finish, nothing new begins; the resumed convoy lands under a second execution."""
    tasks: list[dict[str, Any]] = [
        {"title": "one.txt", "body": writes("one.txt", "one.txt", wait=4)},
        {"title": "two.txt", "body": writes("two.txt", "two.txt"), "depends_on": [0]},
    ]
    convoy_id = sling(story, tasks, staged=False)
    assert wait_until(lambda: len(executions(story, convoy_id)) == 1)
    (arn,) = [
        run["executionArn"]
        for run in step_functions(story).list_executions(
            stateMachineArn=story.stack.outputs["ConvoyMachineArn"], statusFilter="RUNNING"
        )["executions"]
        if convoy_id in run["name"]
    ]
    step_functions(story).stop_execution(executionArn=arn, cause="a person had doubts")
    assert wait_until(lambda: story.convoy_state(convoy_id) == "stopped")

    story.api.call("POST", f"/api/towns/{story.town_id}/convoys/{convoy_id}/start")

    assert story.wait_for_convoy(convoy_id) == "landed"
    assert [story.file(name) for name in ("one.txt", "two.txt")] == ["one.txt", "two.txt"]
    assert wait_until(lambda: sorted(executions(story, convoy_id).values()) == ["ABORTED", "SUCCEEDED"])
