"""What a stack made at run time, which CloudFormation therefore does not remove: found by names, and removed.

Names decide, and a prefix is not enough: the directory of a stack `a-town` begins like a town's table of a stack `a`.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_fixed

from infra.operate.aws import client, code_of

TOWN_ID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
STACK_NAME: Final = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
ABSENT: Final = {"ResourceNotFound", "ClusterNotFound", "NotFound", "NoSuchBucket"}
SESSION_BUCKET: Final = "SessionBucket"
"""What the template calls it."""
DELETIONS_AT_ONCE: Final = "LimitExceeded"
PATIENCE: Final = 120
"""Seconds to wait, second by second, while DynamoDB deletes as many tables as it takes at once (500)."""


@dataclass(frozen=True, kw_only=True)
class Remains:
    """Everything of one stack that is there now."""

    stack: str
    stands: bool
    tasks: tuple[str, ...] = ()
    directory: str = ""
    rows: int = 0
    protected: bool = False
    schedules: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    bucket: str = ""
    snapshots: int = 0

    @property
    def has_directory(self) -> bool:
        """Whether the directory needs anything: a standing stack keeps its table, empty and unprotected."""
        return bool(self.directory) and (not self.stands or self.rows > 0 or self.protected)

    def is_empty(self) -> bool:
        """Whether nothing is left to remove."""
        listed = self.tasks or self.schedules or self.secrets or self.tables
        return not (listed or self.has_directory or self.snapshots)


def find(stack: str) -> Remains:
    """Look for everything of this stack. Raises what the SDK raises."""
    remains = Remains(
        stack=stack,
        stands=_stands(stack),
        tasks=tuple(_tasks(stack)),
        schedules=tuple(_schedules(stack)),
        secrets=tuple(_secrets(stack)),
        tables=tuple(_tables(stack)),
    )
    return _with_bucket(_with_directory(remains))


def _stands(stack: str) -> bool:
    """Whether CloudFormation still has the stack, even one that it could not delete."""
    try:
        stacks = client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if code_of(error) == "ValidationError" and "does not exist" in str(error):
            return False
        raise
    return any(each["StackStatus"] != "DELETE_COMPLETE" for each in stacks)


def _pages(service: str, listing: str, key: str, **request: Any) -> Iterator[Any]:
    """Every entry of a listing; a cluster or group that is not there has none."""
    try:
        for page in client(service).get_paginator(listing).paginate(**request):
            yield from page.get(key, ())
    except ClientError as error:
        if code_of(error) not in ABSENT:
            raise


def _tasks(stack: str) -> Iterator[str]:
    arns = _pages("ecs", "list_tasks", "taskArns", cluster=stack, desiredStatus="RUNNING")
    yield from (arn for arn in arns if f":task/{stack}/" in arn)


def _schedules(stack: str) -> Iterator[str]:
    group = f"{stack}-alarms"
    entries = _pages("scheduler", "list_schedules", "Schedules", GroupName=group)
    yield from (each["Name"] for each in entries if each["GroupName"] == group)


def _secrets(stack: str) -> Iterator[str]:
    prefix = f"{stack}/town/"
    entries = _pages("secretsmanager", "list_secrets", "SecretList", Filters=[{"Key": "name", "Values": [prefix]}])
    yield from (each["Name"] for each in entries if each["Name"].startswith(prefix))


def _tables(stack: str) -> Iterator[str]:
    of_a_town = re.compile(f"{re.escape(stack)}-town-{TOWN_ID}")
    yield from (name for name in _pages("dynamodb", "list_tables", "TableNames") if of_a_town.fullmatch(name))


def _with_directory(remains: Remains) -> Remains:
    dynamodb, name = client("dynamodb"), f"{remains.stack}-directory"
    try:
        table = dynamodb.describe_table(TableName=name)["Table"]
    except ClientError as error:
        if code_of(error) not in ABSENT:
            raise
        return remains
    if table["TableStatus"] == "DELETING":
        return remains
    pages = dynamodb.get_paginator("scan").paginate(TableName=name, Select="COUNT")
    rows = sum(page["Count"] for page in pages)
    return replace(remains, directory=name, rows=rows, protected=table.get("DeletionProtectionEnabled", False))


def _with_bucket(remains: Remains) -> Remains:
    """Only the stack knows the name of its bucket, and it knows it until the bucket is gone."""
    if not remains.stands:
        return remains
    parts = _pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=remains.stack)
    names = [str(part.get("PhysicalResourceId", "")) for part in parts if part["LogicalResourceId"] == SESSION_BUCKET]
    if not names or not names[0]:
        return remains
    snapshots = sum(1 for _ in _pages("s3", "list_objects_v2", "Contents", Bucket=names[0]))
    return replace(remains, bucket=names[0], snapshots=snapshots)


@dataclass(frozen=True, kw_only=True)
class Removal:
    """Removes what was found: first what could start new work, then what holds it. Each step may be repeated."""

    remains: Remains
    say: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep

    def run(self) -> list[str]:
        """Remove everything; returns what could not be removed, with AWS's reasons."""
        found = self.remains
        steps: list[tuple[str, tuple[str, ...], Callable[[str], None]]] = [
            ("container", found.tasks, self._stop_task),
            ("directory", (found.directory,) if found.has_directory else (), self._empty_directory),
            ("schedule", found.schedules, self._delete_schedule),
            ("secret", found.secrets, self._delete_secret),
            ("table", found.tables, self._delete_table),
            ("session snapshots in", (found.bucket,) if found.snapshots else (), self._empty_bucket),
        ]
        failures: list[str] = []
        for kind, names, remove in steps:
            failures += self._remove_all(kind, names, remove)
        return failures

    def _remove_all(self, kind: str, names: tuple[str, ...], remove: Callable[[str], None]) -> Iterator[str]:
        for number, name in enumerate(names, 1):
            try:
                remove(name)
            except ClientError as error:
                if code_of(error) not in ABSENT:
                    yield f"{kind} {name}: {code_of(error)}"
                    continue
            self.say(f"removed {kind} {number}/{len(names)} {name}")

    def _stop_task(self, arn: str) -> None:
        client("ecs").stop_task(cluster=self.remains.stack, task=arn, reason="the stack is destroyed")

    def _empty_directory(self, name: str) -> None:
        dynamodb = client("dynamodb")
        if self.remains.protected:
            dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        if not self.remains.stands:
            dynamodb.delete_table(TableName=name)
            return
        for page in dynamodb.get_paginator("scan").paginate(TableName=name, ProjectionExpression="pk, sk"):
            for key in page["Items"]:
                dynamodb.delete_item(TableName=name, Key=key)

    def _delete_schedule(self, name: str) -> None:
        client("scheduler").delete_schedule(Name=name, GroupName=f"{self.remains.stack}-alarms")

    def _delete_secret(self, name: str) -> None:
        client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)

    def _empty_bucket(self, name: str) -> None:
        s3 = client("s3")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
            if keys := [{"Key": each["Key"]} for each in page.get("Contents", [])]:
                answer = s3.delete_objects(Bucket=name, Delete={"Objects": keys, "Quiet": True})
                for refused in answer.get("Errors", []):
                    raise ClientError({"Error": refused}, "DeleteObjects")

    def _delete_table(self, name: str) -> None:
        """Begin to delete a table; one that is being deleted already is fine."""
        dynamodb = client("dynamodb")
        full = retry_if_exception(lambda error: code_of(error) == DELETIONS_AT_ONCE)
        waiting = Retrying(
            retry=full, stop=stop_after_attempt(PATIENCE), wait=wait_fixed(1), sleep=self.sleep, reraise=True
        )
        try:
            waiting(dynamodb.delete_table, TableName=name)
        except ClientError as error:
            if code_of(error) != "ResourceInUse":
                raise
            if dynamodb.describe_table(TableName=name)["Table"]["TableStatus"] != "DELETING":
                raise
