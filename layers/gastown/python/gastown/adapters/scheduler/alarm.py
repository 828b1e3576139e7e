"""Alarms: a delayed message for the next 15 minutes, the town's one-time schedule beyond."""

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from gastown.adapters.aws.sdk import code_of
from gastown.adapters.scheduler.client import scheduler_client, sqs_client, translated

if TYPE_CHECKING:
    from types_boto3_scheduler.client import EventBridgeSchedulerClient
    from types_boto3_scheduler.type_defs import CreateScheduleInputTypeDef
    from types_boto3_sqs.client import SQSClient

NEAR: Final = timedelta(seconds=900)
"""The longest delay of an SQS message."""


class SchedulerAlarm:
    """Either way `{"town_id", "cause": "alarm"}` reaches the alarm queue, at the moment or up to a second later."""

    def __init__(  # noqa: PLR0913 - what a deployment decides, by name
        self,
        *,
        queue_url: str,
        queue_arn: str,
        group: str,
        role_arn: str,
        present: Callable[[], datetime] | None = None,
        sqs: "Callable[[], SQSClient]" = sqs_client,
        scheduler: "Callable[[], EventBridgeSchedulerClient]" = scheduler_client,
    ) -> None:
        """Keep where to send; `present` is AWS's own time where the house's clock can be moved."""
        self._queue_url, self._queue_arn = queue_url, queue_arn
        self._group, self._role_arn = group, role_arn
        self._present, self._sqs, self._scheduler = present, sqs, scheduler

    def arm(self, town_id: str, at: datetime, now: datetime) -> None:
        """Send or schedule; an alarm that was armed before may ring as well."""
        wait = at - now
        if wait <= NEAR:
            with translated():
                self._sqs().send_message(
                    QueueUrl=self._queue_url,
                    MessageBody=_body(town_id),
                    DelaySeconds=max(0, math.ceil(wait.total_seconds())),
                )
            return
        schedule = self._schedule(town_id, at if self._present is None else self._present() + wait)
        with translated():
            if not self._update(schedule):
                self._create(schedule)

    def disarm(self, town_id: str) -> None:
        """Delete the schedule; a delayed message cannot be taken back and finds nothing due."""
        with translated():
            try:
                self._scheduler().delete_schedule(Name=town_id, GroupName=self._group)
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise

    def _schedule(self, town_id: str, at: datetime) -> "CreateScheduleInputTypeDef":
        return {
            "Name": town_id,
            "GroupName": self._group,
            "ScheduleExpression": f"at({_second_after(at):%Y-%m-%dT%H:%M:%S})",
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": {"Arn": self._queue_arn, "RoleArn": self._role_arn, "Input": _body(town_id)},
        }

    def _update(self, schedule: "CreateScheduleInputTypeDef") -> bool:
        try:
            self._scheduler().update_schedule(**schedule)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            return False
        return True

    def _create(self, schedule: "CreateScheduleInputTypeDef") -> None:
        try:
            self._scheduler().create_schedule(**schedule)
        except ClientError as error:
            if code_of(error) != "ConflictException":
                raise
            self._scheduler().update_schedule(**schedule)  # somebody made it between our update and our create


def _second_after(at: datetime) -> datetime:
    """A schedule knows whole seconds only, and an alarm must not ring early."""
    whole = at.astimezone(UTC).replace(microsecond=0)
    return whole if whole == at else whole + timedelta(seconds=1)


def _body(town_id: str) -> str:
    return json.dumps({"town_id": town_id, "cause": "alarm"})
