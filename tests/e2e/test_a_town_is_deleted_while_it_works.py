"""Deleting a town ends what runs for it, and leaves nothing that answers."""

import pytest

from infra.local.demo_repository import RepositoryFailed
from infra.local.deployment import STACK_NAME, aws_session, client_settings
from tests.e2e.story import Story, wait_until, writes

pytestmark = pytest.mark.e2e


def running_tasks(story: Story) -> list[str]:
    """The tasks that ECS runs for the town."""
    ecs = aws_session().client("ecs", endpoint_url=story.stack.endpoint, config=client_settings())
    arns = ecs.list_tasks(cluster=STACK_NAME, desiredStatus="RUNNING")["taskArns"]
    tasks = ecs.describe_tasks(cluster=STACK_NAME, tasks=arns)["tasks"] if arns else []
    return [task["taskArn"] for task in tasks if task.get("startedBy", "").startswith(story.town_id)]


def test_a_town_that_works_is_deleted_with_its_container(story: Story) -> None:
    """Its row goes last, so that a deletion that is cut off can go on; its table stays, as the stack was told."""
    bead_id = story.sling("Work", writes("never.txt", "never", wait=600))
    assert wait_until(lambda: story.bead(bead_id)["status"] == "in_progress")
    assert 1 == len(running_tasks(story))

    story.api.call("DELETE", f"{story.api.people}/towns/{story.town_id}")

    assert 404 == story.api.send("GET", f"/api/towns/{story.town_id}/status").status_code
    assert wait_until(lambda: not running_tasks(story))
    mine = f"{story.api.people}/towns"
    assert wait_until(lambda: story.town_id not in [town["id"] for town in story.api.call("GET", mine)])
    assert 404 == story.api.send("GET", f"{mine}/{story.town_id}").status_code
    with pytest.raises(RepositoryFailed):
        story.file("never.txt")
