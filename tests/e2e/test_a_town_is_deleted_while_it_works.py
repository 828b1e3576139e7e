"""Deleting a town ends what runs for it, and leaves nothing that answers."""

from typing import Any

import pytest

from infra.local.demo_repository import RepositoryFailed
from infra.local.deployment import STACK_NAME
from tests.e2e.story import Story, wait_until, writes

pytestmark = pytest.mark.e2e


def running_tasks(story: Story) -> list[str]:
    """The tasks that ECS runs for the town."""
    ecs = story.aws("ecs")
    arns = ecs.list_tasks(cluster=STACK_NAME, desiredStatus="RUNNING")["taskArns"]
    tasks = ecs.describe_tasks(cluster=STACK_NAME, tasks=arns)["tasks"] if arns else []
    return [task["taskArn"] for task in tasks if task.get("startedBy", "").startswith(story.town_id)]


def session_bucket(story: Story) -> tuple[Any, str]:
    """A client of S3, and the name of the bucket for what sessions remember."""
    stacks = story.aws("cloudformation")
    part = stacks.describe_stack_resource(StackName=STACK_NAME, LogicalResourceId="SessionBucket")
    return story.aws("s3"), part["StackResourceDetail"]["PhysicalResourceId"]


def test_a_town_that_works_is_deleted_with_its_container(story: Story) -> None:
    """Its row goes last, so that a deletion that is cut off can go on; what its agents remember goes, of no other."""
    bead_id = story.sling("Work", writes("never.txt", "never", wait=600))
    assert wait_until(lambda: story.bead(bead_id)["status"] == "in_progress")
    assert 1 == len(running_tasks(story))
    s3, bucket = session_bucket(story)
    for town_id in (story.town_id, "another"):
        s3.put_object(Bucket=bucket, Key=f"{town_id}/mayor/opencode/000000000001", Body=b"memory")

    story.api.call("DELETE", f"{story.api.people}/towns/{story.town_id}")

    assert 404 == story.api.send("GET", f"/api/towns/{story.town_id}/status").status_code
    assert wait_until(lambda: not running_tasks(story))
    mine = f"{story.api.people}/towns"
    assert wait_until(lambda: story.town_id not in [town["id"] for town in story.api.call("GET", mine)])
    assert 404 == story.api.send("GET", f"{mine}/{story.town_id}").status_code
    kept = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert ["another/mayor/opencode/000000000001"] == [
        key for key in kept if key.split("/")[0] in {story.town_id, "another"}
    ]
    with pytest.raises(RepositoryFailed):
        story.file("never.txt")
