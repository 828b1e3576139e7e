"""A town is made, works, and is removed through its doors, on the emulator's tables and queues.

Only ECS and the state machine are fakes here: what matters is that doors, use cases and adapters fit together.
"""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from gastown import bootstrap
from gastown.adapters.dynamodb.connection import shared
from gastown.adapters.scheduler.client import scheduler_client
from gastown.adapters.scheduler.client import sqs_client as alarm_sqs_client
from gastown.adapters.sqs.client import sqs_client
from gastown.domain.convoying import close_convoy
from gastown.domain.slinging import ConvoyOrder, Task, sling_convoy
from gastown.domain.town import Town
from gastown.ports.directory import TownRow
from gastown.settings import Settings
from gastown.workers import convoy, effects, live, reconcile, sweep, task_state, towns
from tests.support.fakes.container_runtime import MemoryContainerRuntime
from tests.support.fakes.doorbell import MemoryDoorbell
from tests.support.fakes.life_cycle import MemoryLifeCycle
from tests.support.fakes.secrets import MemorySecrets
from tests.support.fakes.workflows import MemoryWorkflows
from tests.support.stage import RIG, SECRET_ID, SIGNING_SECRET, FakeContext, add_rig

TOWN = "01900000-0000-7000-8000-0000000000bb"


class Street:
    """The doors of a stack whose queues a test empties by hand."""

    def __init__(self, name: str) -> None:
        """Make the directory and the queues."""
        self.name, self.context = name, FakeContext()
        self.runtime, self.workflows = MemoryContainerRuntime(), MemoryWorkflows()
        make_directory(f"{name}-directory")
        self.sqs = boto3.client("sqs")
        self.wake = self.sqs.create_queue(
            QueueName=f"{name}-wake.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        )["QueueUrl"]
        self.effects = self.sqs.create_queue(QueueName=f"{name}-effects")["QueueUrl"]
        self.alarm = self.sqs.create_queue(QueueName=f"{name}-alarm")["QueueUrl"]
        boto3.client("s3").create_bucket(Bucket=f"{name}-sessions")
        boto3.client("scheduler").create_schedule_group(Name=f"{name}-alarms")
        self.settings = Settings(
            stage="local", directory_table=f"{name}-directory", table_prefix=f"{name}-town-",
            session_bucket=f"{name}-sessions", wake_queue_url=self.wake, effects_queue_url=self.effects,
            alarm_queue_url=self.alarm, alarm_schedule_group=f"{name}-alarms",
            alarm_queue_arn="arn:aws:sqs:us-east-1:000000000000:alarm", scheduler_role_arn="arn:aws:iam::0:role/x",
            signing_secret_arn=SECRET_ID, town_secret_prefix="stack/town/",
        )  # fmt: skip

    def receive(self, url: str) -> dict[str, Any]:
        """A batch of what waits in a queue, as Lambda gets it; the messages are taken."""
        found = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0).get("Messages", [])
        for message in found:
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return {"Records": [{"messageId": m["MessageId"], "body": m["Body"], "attributes": {}} for m in found]}

    def settle(self) -> None:
        """Let the doors empty their queues until nothing is left."""
        for _ in range(20):
            wakes, announced = self.receive(self.wake), self.receive(self.effects)
            if not wakes["Records"] and not announced["Records"]:
                return
            assert reconcile.handle(wakes, self.context) == {"batchItemFailures": []}
            assert effects.handle(announced, self.context) == {"batchItemFailures": []}
        raise AssertionError("the queues feed themselves")

    @property
    def town(self) -> Town:
        """The town as it is stored."""
        return bootstrap.unit_of_work().load(TOWN).town

    def found(self) -> None:
        """Ask for the town and have it made."""
        now = bootstrap.clock().now()
        row = TownRow(
            town_id=TOWN, name="Town", owner_user_id="user-1", state="creating", table=f"{self.name}-town-{TOWN}",
            created_at=now, updated_at=now,
        )  # fmt: skip
        bootstrap.directory().put_town(row)
        assert towns.handle({"town_id": TOWN}, self.context)["state"] == "active"
        bootstrap.unit_of_work().change(TOWN, add_rig, actor="test", cause="rig")

    def sling(self, *, staged: bool) -> str:
        """Sling a convoy of two beads; its id."""
        order = ConvoyOrder(rig_id=RIG, title="Convoy", tasks=(Task(title="a"), Task(title="b")), staged=staged)
        return bootstrap.unit_of_work().change(TOWN, lambda t, m: sling_convoy(t, order, m), actor="test", cause="s").id


def make_directory(name: str) -> None:
    """The directory table as the template has it."""
    texts = ("pk", "sk", "due_shard", "due_at")
    boto3.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": text, "AttributeType": "S"} for text in texts],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "due_shard", "KeyType": "HASH"},
                    {"AttributeName": "due_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


@pytest.fixture
def street(emulator: str) -> Iterator[Street]:
    """A stack of its own with one town."""
    for cached in (shared, sqs_client, scheduler_client, alarm_sqs_client):
        cached.cache_clear()
    opened = Street(f"it-{secrets.token_hex(4)}")
    with bootstrap.replace(
        settings=opened.settings,
        container_runtime=opened.runtime,
        workflows=opened.workflows,
        doorbell=MemoryDoorbell(),
        life_cycle=MemoryLifeCycle(),
        secrets=MemorySecrets({SECRET_ID: SIGNING_SECRET}),
    ):
        opened.found()
        opened.settle()
        yield opened
    for cached in (shared, sqs_client, scheduler_client, alarm_sqs_client):
        cached.cache_clear()


def test_slung_work_gets_a_container_and_an_execution(street: Street) -> None:
    """From the commit over both queues to the outside, and back into the town."""
    convoy_id = street.sling(staged=False)
    street.settle()

    [task] = street.runtime.tasks.values()
    assert street.town.container.state == "starting"
    assert street.town.container.task_arn == task.arn
    assert list(street.workflows.executions) == [f"{TOWN}_{convoy_id}"]
    assert street.town.effects == {}


def test_a_stopped_task_is_replaced_after_a_while(street: Street) -> None:
    """The event frees the town of its container, and an alarm is armed for the next."""
    street.sling(staged=False)
    street.settle()
    [task] = street.runtime.tasks.values()
    detail = {"startedBy": f"{TOWN}/1", "lastStatus": "STOPPED", "taskArn": task.arn, "stoppedReason": "Killed"}
    event = {"id": "event-1", "detail-type": "ECS Task State Change", "detail": detail}

    assert task_state.handle(event, street.context) == {"result": "delivered"}
    assert task_state.handle(event, street.context) == {"result": "known"}
    street.settle()

    assert street.town.container.state == "none"
    assert street.town.container.last_error == "Killed"
    assert street.town.alarm_at is not None


def test_an_execution_is_answered_when_its_convoy_ends(street: Street) -> None:
    """Register, close, answer; then the convoy is read where it was left."""
    convoy_id = street.sling(staged=True)
    street.workflows.waiting |= {"start", "late"}
    step = {"contract": 1, "step": "start", "token": "start", "town_id": TOWN, "convoy_id": convoy_id}

    assert convoy.handle(step, street.context) == {"result": "waiting"}
    work = bootstrap.unit_of_work()
    work.change(TOWN, lambda t, m: close_convoy(t, convoy_id, m), actor="test", cause="close")
    street.settle()
    assert street.workflows.answers == {"start": {"outcome": "closed"}}
    assert convoy.handle({**step, "step": "close", "token": "late"}, street.context) == {"result": "answered"}
    assert street.workflows.answers["late"] == {"outcome": "closed"}
    assert street.town.waits == {}


def test_a_quiet_town_is_not_swept(street: Street) -> None:
    """Nothing is overdue after the doors have done their work."""
    assert sweep.handle({}, street.context) == {"overdue": 0, "stuck": 0, "failed": 0}


def test_a_town_goes_with_its_table(street: Street) -> None:
    """Its container is stopped first; late messages and connections find nobody."""
    street.sling(staged=False)
    street.settle()
    bootstrap.directory().set_town_state(TOWN, {"active"}, "deleting", now=bootstrap.clock().now())

    assert towns.handle({"town_id": TOWN}, street.context)["state"] == "gone"
    assert [task.state for task in street.runtime.tasks.values()] == ["stopped"]
    late = {"Records": [{"messageId": "m", "body": json.dumps({"town_id": TOWN, "key": "OUTBOX#1"}), "attributes": {}}]}
    assert reconcile.handle(late, street.context) == {"batchItemFailures": []}
    assert effects.handle(late, street.context) == {"batchItemFailures": []}
    asked = {"requestContext": {"routeKey": "$connect", "connectionId": "c"}, "headers": {"Authorization": "Bearer x"}}
    assert live.handle(asked, street.context) == {"statusCode": 401}
