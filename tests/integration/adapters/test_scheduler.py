"""Alarms on the emulator keep the contract of the port."""

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.config import Config
from types_boto3_scheduler.client import EventBridgeSchedulerClient
from types_boto3_sqs.client import SQSClient

from gastown.adapters.scheduler.alarm import SchedulerAlarm
from tests.support.contracts.alarm import NOW, AlarmContract, Armed

ROLE = "arn:aws:iam::000000000000:role/alarms"


@pytest.fixture
def sqs(emulator: str) -> SQSClient:
    """A client of the emulator."""
    return boto3.client("sqs", endpoint_url=emulator)


@pytest.fixture
def scheduler(emulator: str) -> EventBridgeSchedulerClient:
    """A client of the emulator."""
    return boto3.client("scheduler", endpoint_url=emulator)


@pytest.fixture
def queue_url(sqs: SQSClient, fresh: str) -> str:
    """A standard queue, as the template makes it."""
    return sqs.create_queue(QueueName=fresh)["QueueUrl"]


@pytest.fixture
def queue_arn(sqs: SQSClient, queue_url: str) -> str:
    """That queue's ARN."""
    return sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


class TestSchedulerAlarm(AlarmContract):
    """The contract, on a schedule group."""

    @pytest.fixture
    def alarm(
        self, sqs: SQSClient, scheduler: EventBridgeSchedulerClient, queue_url: str, queue_arn: str, fresh: str
    ) -> SchedulerAlarm:
        """The adapter on a group and queue of its own."""
        scheduler.create_schedule_group(Name=fresh)
        return SchedulerAlarm(
            queue_url=queue_url,
            queue_arn=queue_arn,
            group=fresh,
            role_arn=ROLE,
            sqs=lambda: sqs,
            scheduler=lambda: scheduler,
        )

    @pytest.fixture
    def armed(self, alarm: SchedulerAlarm, scheduler: EventBridgeSchedulerClient, fresh: str) -> Armed:
        """The schedules of the group, by name."""

        def read() -> dict[str, datetime]:
            names = [each["Name"] for each in scheduler.list_schedules(GroupName=fresh)["Schedules"]]
            return {name: _moment(scheduler, fresh, name) for name in names}

        return read

    @pytest.fixture
    def silent(self, nowhere: str, one_try: Config) -> SchedulerAlarm:
        """The adapter where nobody answers."""
        sqs = boto3.client("sqs", endpoint_url=nowhere, config=one_try)
        scheduler = boto3.client("scheduler", endpoint_url=nowhere, config=one_try)
        return SchedulerAlarm(
            queue_url=f"{nowhere}/1/q",
            queue_arn="arn:aws:sqs:us-east-1:1:q",
            group="g",
            role_arn=ROLE,
            sqs=lambda: sqs,
            scheduler=lambda: scheduler,
        )

    def test_a_schedule_deletes_itself_after_it_rang(
        self, alarm: SchedulerAlarm, scheduler: EventBridgeSchedulerClient, queue_arn: str, fresh: str
    ) -> None:
        """Nothing is left behind, and the message is the one that a near alarm sends."""
        alarm.arm("town-1", NOW + timedelta(hours=1), NOW)
        schedule = scheduler.get_schedule(GroupName=fresh, Name="town-1")

        assert schedule["ActionAfterCompletion"] == "DELETE"
        assert schedule["Target"]["Arn"] == queue_arn
        assert json.loads(schedule["Target"]["Input"]) == {"town_id": "town-1", "cause": "alarm"}

    def test_where_the_clock_was_moved_the_wait_counts(
        self, sqs: SQSClient, scheduler: EventBridgeSchedulerClient, queue_url: str, fresh: str
    ) -> None:
        """AWS knows nothing of the house's clock: it is told its own present plus what is left to wait."""
        scheduler.create_schedule_group(Name=fresh)
        alarm = SchedulerAlarm(
            queue_url=queue_url,
            queue_arn="arn:aws:sqs:us-east-1:1:q",
            group=fresh,
            role_arn=ROLE,
            present=lambda: NOW - timedelta(days=1),
            sqs=lambda: sqs,
            scheduler=lambda: scheduler,
        )
        alarm.arm("town-1", NOW + timedelta(hours=1), NOW)

        assert _moment(scheduler, fresh, "town-1") - (NOW - timedelta(hours=23)) < timedelta(seconds=1)

    def test_a_near_alarm_is_a_message_that_waits(
        self, alarm: SchedulerAlarm, armed: Armed, sqs: SQSClient, queue_url: str
    ) -> None:
        """Up to 15 minutes no schedule is made; the message is hidden until its moment, rounded up."""
        alarm.arm("town-1", NOW + timedelta(milliseconds=300), NOW)
        early = sqs.receive_message(QueueUrl=queue_url).get("Messages", [])
        (message,) = sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=3)["Messages"]

        assert (early, armed()) == ([], {})
        assert json.loads(message["Body"]) == {"town_id": "town-1", "cause": "alarm"}

    def test_an_alarm_in_the_past_rings_at_once(self, alarm: SchedulerAlarm, sqs: SQSClient, queue_url: str) -> None:
        """A tick that took long may find its moment gone."""
        alarm.arm("town-1", NOW - timedelta(minutes=1), NOW)

        assert len(sqs.receive_message(QueueUrl=queue_url).get("Messages", [])) == 1

    @pytest.mark.parametrize(("seconds", "schedules"), [(900, 0), (901, 1)])
    def test_the_border_is_a_quarter_of_an_hour(
        self, alarm: SchedulerAlarm, armed: Armed, seconds: int, schedules: int
    ) -> None:
        """900 s is the longest delay that SQS takes."""
        alarm.arm("town-1", NOW + timedelta(seconds=seconds), NOW)

        assert len(armed()) == schedules


def _moment(scheduler: EventBridgeSchedulerClient, group: str, name: str) -> datetime:
    expression = scheduler.get_schedule(GroupName=group, Name=name)["ScheduleExpression"]
    return datetime.strptime(expression, "at(%Y-%m-%dT%H:%M:%S)").replace(tzinfo=UTC)
