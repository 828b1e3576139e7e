"""Destroying a stack's remains: everything of that stack, and nothing of any other."""

import uuid
from collections.abc import Callable

import pytest

from infra.operate.aws import client
from infra.operate.destroy import main
from infra.operate.remains import Removal, find
from tests.unit.operate.conftest import Account

KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
TYPES = [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}]


def town(number: int) -> str:
    """Return the id of a town."""
    return str(uuid.UUID(int=number))


def make_table(name: str, *, protected: bool = False) -> None:
    """Make a table with the keys that all tables of the house have."""
    client("dynamodb").create_table(
        TableName=name,
        KeySchema=KEYS,
        AttributeDefinitions=TYPES,
        BillingMode="PAY_PER_REQUEST",
        DeletionProtectionEnabled=protected,
    )


def settle(stack: str, towns: int = 2) -> None:
    """Make all that a stack with so many towns makes at run time, and the directory of its template."""
    make_table(f"{stack}-directory", protected=True)
    client("scheduler").create_schedule_group(Name=f"{stack}-alarms")
    client("ecs").create_cluster(clusterName=stack)
    for number in range(towns):
        make_table(f"{stack}-town-{town(number)}")
        for sk in ("META", f"RIG#{number}"):
            row = {"pk": {"S": f"TOWN#{town(number)}"}, "sk": {"S": sk}}
            client("dynamodb").put_item(TableName=f"{stack}-directory", Item=row)
        client("secretsmanager").create_secret(Name=f"{stack}/town/{town(number)}", SecretString="x")
        client("scheduler").create_schedule(
            Name=town(number),
            GroupName=f"{stack}-alarms",
            ScheduleExpression="at(2030-01-01T00:00:00)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": "arn:aws:sqs:eu-west-1:123456789012:q", "RoleArn": "arn:aws:iam::123456789012:role/r"},
        )
    client("secretsmanager").create_secret(Name=f"{stack}/signing", SecretString="x")


def run_container(stack: str) -> str:
    """Start a task in the stack's cluster."""
    ecs, ec2 = client("ecs"), client("ec2")
    ecs.register_task_definition(
        family=f"{stack}-town",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "gastown", "image": "x", "memory": 512}],
    )
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    network = {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": []}}
    started = ecs.run_task(
        cluster=stack, taskDefinition=f"{stack}-town", launchType="FARGATE", networkConfiguration=network
    )
    return str(started["tasks"][0]["taskArn"])


def tables() -> set[str]:
    """Return the names of all tables."""
    pages = client("dynamodb").get_paginator("list_tables").paginate()
    return {name for page in pages for name in page["TableNames"]}


def secrets() -> set[str]:
    """Return the names of all secrets."""
    pages = client("secretsmanager").get_paginator("list_secrets").paginate()
    return {each["Name"] for page in pages for each in page["SecretList"]}


def schedules() -> set[tuple[str, str]]:
    """Return group and name of all schedules."""
    pages = client("scheduler").get_paginator("list_schedules").paginate()
    return {(each["GroupName"], each["Name"]) for page in pages for each in page["Schedules"]}


def answering(text: str) -> Callable[[str], str]:
    """Return a person who types this."""
    return lambda _: text


def never(_: str) -> str:
    """Fail the test: nobody is to be asked."""
    raise AssertionError("nobody is to be asked")


def test_everything_of_a_stack_that_is_gone_goes(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    """Tables, the directory, schedules and towns' secrets; what the template makes is CloudFormation's."""
    settle("a")

    assert main({"STACK": "a"}, answering("a")) == 0
    assert (tables(), secrets(), schedules()) == (set(), {"a/signing"}, set())
    assert "a-directory (rows: 4), which is deleted" in capsys.readouterr().out
    assert find("a").is_empty()


def test_a_standing_stack_keeps_an_empty_directory_that_may_be_deleted(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """CloudFormation removes that table, which it could not while it was protected."""
    settle("a")
    account.stacks["a"] = "DELETE_FAILED"

    assert main({"STACK": "a", "YES": "1"}, never) == 0
    directory = client("dynamodb").describe_table(TableName="a-directory")["Table"]
    assert (directory["ItemCount"], directory["DeletionProtectionEnabled"]) == (0, False)
    assert tables() == {"a-directory"}
    assert "Now: sam delete --stack-name a" in capsys.readouterr().out
    assert main({"STACK": "a"}, never) == 0


def test_a_standing_stacks_bucket_is_emptied_so_that_it_can_go(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """CloudFormation deletes no bucket with something in it; buckets of others are left alone."""
    account.stacks["a"], account.buckets["a"] = "CREATE_COMPLETE", "sessions-of-a"
    for bucket in ("sessions-of-a", "sessions-of-b"):
        place = {"LocationConstraint": "eu-west-1"}
        client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
        for number in range(2):
            client("s3").put_object(Bucket=bucket, Key=f"{town(number)}/mayor/opencode/1", Body=b"memory")

    assert main({"STACK": "a"}, answering("a")) == 0
    assert [client("s3").list_objects_v2(Bucket=f"sessions-of-{stack}")["KeyCount"] for stack in "ab"] == [0, 2]
    assert "session snapshots: 2 in sessions-of-a, which is emptied" in capsys.readouterr().out
    assert find("a").is_empty()


@pytest.mark.parametrize("other", ["a-town", "a-town-b", "ab", "a-alarms", "b-a"])
def test_other_stacks_keep_everything(account: Account, other: str) -> None:
    """A name that begins like ours, or ends like it, is another stack's."""
    settle("a")
    settle(other)
    before = (tables(), secrets(), schedules())
    ours = {"a-directory", *(f"a-town-{town(number)}" for number in range(2))}

    assert main({"STACK": "a", "YES": "1"}, never) == 0

    assert tables() == before[0] - ours
    assert {name for name in tables() if name.startswith(f"{other}-")} == tables()
    assert secrets() == before[1] - {f"a/town/{town(number)}" for number in range(2)}
    assert {group for group, _ in schedules()} == {f"{other}-alarms"}
    assert len(schedules()) == 2
    assert client("dynamodb").scan(TableName=f"{other}-directory", Select="COUNT")["Count"] == 4


def test_the_longer_name_takes_nothing_of_the_shorter_one(account: Account) -> None:
    """Destroying `a-town` leaves the towns of `a`, whose tables begin with `a-town-`."""
    settle("a")
    settle("a-town")
    account.stacks["a"] = "CREATE_COMPLETE"

    assert main({"STACK": "a-town", "YES": "1"}, never) == 0
    assert tables() == {"a-directory", *(f"a-town-{town(number)}" for number in range(2))}


def test_more_than_one_page_goes(account: Account) -> None:
    """Listings come in pages of at most 100."""
    settle("a", towns=120)

    assert len(find("a").tables) == len(find("a").secrets) == len(find("a").schedules) == 120
    assert main({"STACK": "a", "YES": "1"}, never) == 0
    assert (tables(), secrets(), schedules()) == (set(), {"a/signing"}, set())


@pytest.mark.parametrize("typed", ["", "yes", "A", "ab"])
def test_only_the_stacks_own_name_confirms(account: Account, typed: str) -> None:
    """Anything else removes nothing."""
    settle("a")
    before = tables()

    assert main({"STACK": "a"}, answering(typed)) == 1
    assert tables() == before


def test_nobody_there_is_a_no(account: Account) -> None:
    """A script without YES=1 removes nothing."""
    settle("a")

    def gone(_: str) -> str:
        raise EOFError

    assert main({"STACK": "a"}, gone) == 1
    assert len(tables()) == 3


def test_running_containers_stop_it_until_told_otherwise(account: Account) -> None:
    """Without FORCE=1 nothing is touched; with it the container is stopped first."""
    settle("a")
    settle("b")
    ours, others = run_container("a"), run_container("b")

    assert main({"STACK": "a", "YES": "1"}, never) == 1
    assert len(tables()) == 6
    assert main({"STACK": "a", "YES": "1", "FORCE": "1"}, never) == 0

    def wanted(stack: str, task: str) -> str:
        return str(client("ecs").describe_tasks(cluster=stack, tasks=[task])["tasks"][0]["desiredStatus"])

    assert (wanted("a", ours), wanted("b", others)) == ("STOPPED", "RUNNING")


def test_an_interruption_is_made_up_for(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    """What AWS refused is named and counted as failure, the rest goes on, and the next run ends it."""
    settle("a")
    account.refused["DeleteSecret"] = ["InternalServiceError"]
    account.refused["DeleteTable"] = ["AccessDeniedException"]

    assert main({"STACK": "a", "YES": "1"}, never) == 1
    told = capsys.readouterr().err
    assert f"not removed: secret a/town/{town(0)}: InternalServiceError" in told
    assert "not removed: directory a-directory: AccessDenied" in told
    assert main({"STACK": "a", "YES": "1"}, never) == 0
    assert main({"STACK": "a"}, never) == 0


def test_what_vanished_meanwhile_counts_as_removed(account: Account) -> None:
    """Two operators at once do not hinder each other."""
    settle("a")
    remains = find("a")
    assert Removal(remains=remains, say=lambda _: None).run() == []

    assert Removal(remains=remains, say=lambda _: None).run() == []


def test_it_waits_while_dynamodb_deletes_as_many_tables_as_it_can(account: Account) -> None:
    """Too many deletions at once is no failure; a table that is being made is one."""
    settle("a", towns=1)
    remains, slept = find("a"), list[float]()
    account.refused["DeleteTable"] = ["LimitExceededException"] * 3
    removal = Removal(remains=remains, say=lambda _: None, sleep=slept.append)

    removal._delete_table(remains.tables[0])
    assert slept == [1, 1, 1]
    assert remains.tables[0] not in tables()


def test_a_table_that_is_being_made_is_left_for_the_next_run(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """DynamoDB deletes no table before it is active."""
    settle("a", towns=1)
    account.stacks["a"] = "CREATE_COMPLETE"
    account.refused["DeleteTable"] = ["ResourceInUseException"]

    assert main({"STACK": "a", "YES": "1"}, never) == 1
    assert f"not removed: table a-town-{town(0)}: ResourceInUse" in capsys.readouterr().err


def test_a_table_that_is_being_deleted_is_fine(account: Account) -> None:
    """DynamoDB lists it for a while and refuses to delete it twice."""
    settle("a", towns=1)
    account.refused["DeleteTable"] = ["ResourceInUseException"]
    account.answered["DescribeTable"] = {"Table": {"TableStatus": "DELETING"}}

    assert main({"STACK": "a", "YES": "1"}, never) == 0


@pytest.mark.parametrize("name", ["", "-a", "a/b", "a*", "a town"])
def test_what_is_no_stacks_name_is_refused(account: Account, name: str) -> None:
    """Nothing is looked up for it."""
    assert main({"STACK": name}, never) == 2
