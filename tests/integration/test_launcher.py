"""The launcher's repairs of the emulator hold, and nothing of the caller's environment gets through."""

import io
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.local.deployment import aws_session, client_settings
from infra.local.launcher import emulator_environment, raised_type, with_trusted_sources

ROLE = "arn:aws:iam::000000000000:role/any"
WAIT_SECONDS = 8.0


def clients(endpoint: str) -> Callable[[Any], Any]:
    """Return a maker of clients of the emulator."""
    return lambda name: aws_session().client(name, endpoint_url=endpoint, config=client_settings())


def test_an_exception_keeps_its_class(emulator: str) -> None:
    """Retry and Catch of a state machine match by the name of what was raised."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("handler.py", "class Busy(Exception): ...\ndef handler(e, c):\n    raise Busy('later')\n")
    functions = clients(emulator)("lambda")
    functions.create_function(
        FunctionName="raises",
        Runtime="python3.13",
        Handler="handler.handler",
        Role=ROLE,
        Code={"ZipFile": packed.getvalue()},
    )
    answer = functions.invoke(FunctionName="raises")

    assert b'"errorType": "Busy"' in answer["Payload"].read()


def test_an_event_may_come_from_ecs_but_from_no_other_service(emulator: str) -> None:
    """The local ECS agent speaks as `aws.ecs`; everything else is refused as on AWS."""
    events = clients(emulator)("events")

    def put(source: str) -> int:
        answer = events.put_events(Entries=[{"Source": source, "DetailType": "x", "Detail": "{}"}])
        return int(answer["FailedEntryCount"])

    assert put("aws.ecs") == 0
    assert put("aws.s3") == 1


def test_a_one_time_schedule_fires_within_about_a_second(emulator: str) -> None:
    """The sweep over schedules runs each second, not every ten."""
    queues, schedules = clients(emulator)("sqs"), clients(emulator)("scheduler")
    url = queues.create_queue(QueueName="alarms")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    moment = datetime.now(UTC) + timedelta(seconds=2)  # noqa: TID251 the emulator goes by the wall clock
    schedules.create_schedule(
        Name="soon",
        ScheduleExpression=f"at({moment:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={"Arn": arn, "RoleArn": ROLE, "Input": "{}"},
    )
    asked = time.monotonic()
    messages = queues.receive_message(QueueUrl=url, WaitTimeSeconds=8).get("Messages", [])

    assert len(messages) == 1
    assert time.monotonic() - asked < timedelta(seconds=5).total_seconds()


def test_functions_inherit_nothing_of_the_caller(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The emulator's environment is written down, not copied."""
    monkeypatch.setenv("AWS_SESSION_TOKEN", "somebody's")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    environment = emulator_environment(4567, tmp_path)

    assert environment["BIND_HOST"] == "127.0.0.1"
    assert {"AWS_SESSION_TOKEN", "PYTHONPATH"}.isdisjoint(environment)


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("", None),
        ("a line", None),
        ("Traceback (most recent call last):\n  File x\nValueError: no\n", "ValueError"),
        ("Traceback (most recent call last):\n  File x\ngastown.domain.errors.Conflict: no\n", "Conflict"),
    ],
)
def test_the_class_is_read_from_the_end_of_the_traceback(log: str, expected: str | None) -> None:
    """A log without a traceback names no class."""
    assert raised_type(log) == expected


def test_a_mixed_batch_of_events_is_not_trusted() -> None:
    """One foreign source spoils the trust in the whole call."""
    seen: list[bool] = []
    put = with_trusted_sources(lambda _data, allow_aws_source: seen.append(allow_aws_source))
    put({"Entries": [{"Source": "aws.ecs"}]})
    put({"Entries": [{"Source": "aws.ecs"}, {"Source": "aws.s3"}]})
    put({"Entries": []})

    assert seen == [True, False, False]
