"""`template.yaml` keeps the house rules that no linter knows."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from gastown.metrics import KINDED, Metric
from gastown.reconciler.actions import Action
from infra.local.template import FUNCTION, LAYER, MACHINE, ROOT, functions_of, read_template, statements_in

TEXT = (ROOT / "template.yaml").read_text()
TEMPLATE = read_template()
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
FUNCTIONS = functions_of(TEMPLATE)
ASYNCHRONOUS = ("TaskStateFunction", "SweepFunction", "TownsFunction")
URIS = {FUNCTION: "CodeUri", LAYER: "ContentUri", MACHINE: "DefinitionUri"}


def things(kind: str) -> dict[str, dict[str, Any]]:
    """Return the resources of one type by logical name."""
    return {name: thing for name, thing in RESOURCES.items() if thing["Type"] == kind}


def test_every_function_folder_is_a_door_in_the_template() -> None:
    """A folder without a function, or a function without a folder, is a mistake."""
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/handler.py")}
    doors = {Path(function["Properties"]["CodeUri"]).name for function in FUNCTIONS.values()}

    assert folders == doors


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_logs_to_a_group_that_ends(name: str) -> None:
    """Logs are kept for a while, not for ever."""
    group = FUNCTIONS[name]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]

    assert RESOURCES[group]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert RESOURCES[group].get("Condition") == FUNCTIONS[name].get("Condition")


@pytest.mark.parametrize("name", ASYNCHRONOUS)
def test_an_asynchronous_call_that_fails_ends_in_a_queue(name: str) -> None:
    """Nothing that was called without anybody waiting is lost silently."""
    destination = FUNCTIONS[name]["Properties"]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]

    assert destination["Type"] == "SQS"
    assert "EventDeadLetters" in json.dumps(destination["Destination"])


def test_every_queue_that_feeds_a_function_has_a_dead_letter_queue_with_an_alarm() -> None:
    """A message that crashes its function five times waits where somebody is told."""
    alarmed = json.dumps(things("AWS::CloudWatch::Alarm"))
    for mapping in things("AWS::Lambda::EventSourceMapping").values():
        queue = mapping["Properties"]["EventSourceArn"]["Fn::GetAtt"]
        source = queue.split(".")[0] if isinstance(queue, str) else queue[0]
        redrive = RESOURCES[source]["Properties"]["RedrivePolicy"]

        assert redrive["maxReceiveCount"] == 5
        assert RESOURCES[source]["Properties"]["VisibilityTimeout"] == 180
        dead = json.dumps(redrive["deadLetterTargetArn"])
        assert re.search(r"(\w+DeadLetters)", dead)[1] in alarmed  # type: ignore[index]
        assert mapping["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_every_rule_and_schedule_has_a_dead_letter_queue() -> None:
    """An event that reaches no function is kept."""
    for rule in things("AWS::Events::Rule").values():
        assert all("DeadLetterConfig" in target for target in rule["Properties"]["Targets"])
    for schedule in things("AWS::Scheduler::Schedule").values():
        assert "DeadLetterConfig" in schedule["Properties"]["Target"]


def test_every_star_has_its_reason_on_the_line_above() -> None:
    """`Resource: "*"` is an exception that explains itself."""
    lines = TEXT.splitlines()
    bare = [
        number for number, line in enumerate(lines) if re.search(r'Resource: "?\*"?$', line.strip())
        and not lines[number - 1].strip().startswith("#")
    ]  # fmt: skip

    assert [] == bare


def test_no_statement_allows_every_action_of_a_service() -> None:
    """Rights are named one by one."""
    for name, thing in RESOURCES.items():
        for statement in statements_in(thing.get("Properties", {})):
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not [action for action in actions if "*" in action], name


def test_only_the_door_towns_may_make_or_remove_tables() -> None:
    """Table permissions have one holder (design section 2)."""
    holders = {
        name
        for name, function in RESOURCES.items()
        for statement in statements_in(function.get("Properties", {}))
        if {"dynamodb:CreateTable", "dynamodb:DeleteTable"} & set(statement["Action"])
    }

    assert holders == {"TownsFunction"}


def test_only_two_doors_touch_what_sessions_remember() -> None:
    """One hands out addresses, the other removes a town's; nobody may do both."""
    rights = {
        name: {action for statement in statements_in(function["Properties"]) for action in as_list(statement["Action"])}
        for name, function in FUNCTIONS.items()
    }
    held = {name: {action for action in actions if action.startswith("s3:")} for name, actions in rights.items()}

    assert {name: actions for name, actions in held.items() if actions} == {
        "AgentsFunction": {"s3:GetObject", "s3:PutObject", "s3:ListBucket"},
        "TownsFunction": {"s3:DeleteObject", "s3:ListBucket"},
    }


def test_what_sessions_remember_is_closed_encrypted_and_ends() -> None:
    """Nothing public, nothing plain on the disk or on the way, nothing for ever."""
    bucket = RESOURCES["SessionBucket"]["Properties"]
    (refusal,) = RESOURCES["SessionBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]

    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert {"Enabled"} == {rule["Status"] for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert any("ExpirationInDays" in rule for rule in bucket["LifecycleConfiguration"]["Rules"])
    assert (refusal["Effect"], refusal["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def as_list(actions: str | list[str]) -> list[str]:
    """The actions of a statement, however they are written."""
    return [actions] if isinstance(actions, str) else actions


def test_the_task_role_may_do_nothing() -> None:
    """What runs beside agents has no rights in AWS."""
    assert "Policies" not in RESOURCES["TaskRole"]["Properties"]
    assert "ManagedPolicyArns" not in RESOURCES["TaskRole"]["Properties"]


def test_every_named_path_exists() -> None:
    """The packager skips a missing folder without a word."""
    for thing in RESOURCES.values():
        if uri := thing["Properties"].get(URIS.get(thing["Type"], "")):
            assert (ROOT / uri).exists(), uri


def test_the_debug_door_stands_on_local_and_dev_only() -> None:
    """Function, routes, permission and alarm share one condition."""
    debug = [name for name in RESOURCES if name.startswith("Debug")]

    assert len(debug) >= 6
    assert {"HasDebugDoor"} == {RESOURCES[name].get("Condition") for name in debug}


def test_day_one_numbers_hold() -> None:
    """Time limits and batch sizes of design section 7."""
    default = TEMPLATE["Globals"]["Function"]["Timeout"]
    timeouts = {name: function["Properties"].get("Timeout", default) for name, function in FUNCTIONS.items()}

    assert (timeouts["ApiFunction"], timeouts["AgentsFunction"]) == (29, 29)
    assert (timeouts["TownsFunction"], timeouts["SweepFunction"], timeouts["ReconcileFunction"]) == (120, 60, 30)
    assert RESOURCES["EffectsFromEffectsQueue"]["Properties"]["BatchSize"] == 1
    assert RESOURCES["EffectsFromEffectsQueue"]["Properties"]["ScalingConfig"] == {"MaximumConcurrency": 50}
    assert RESOURCES["ReconcileFromWakeQueue"]["Properties"]["BatchSize"] == 10
    assert RESOURCES["TownTask"]["Properties"]["ContainerDefinitions"][0]["StopTimeout"] == 120


def test_functions_that_feed_themselves_are_not_stopped() -> None:
    """AWS would end a chain of queue and function after about sixteen hops."""
    for name in ("ReconcileFunction", "EffectsFunction"):
        assert FUNCTIONS[name]["Properties"]["RecursiveLoop"] == "Allow"


DASHBOARD: list[dict[str, Any]] = json.loads(
    RESOURCES["OperationsDashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
)["widgets"]


def shown() -> Iterator[tuple[str, frozenset[str]]]:
    """Name and dimensions of each metric of ours that the dashboard shows or an alarm watches."""
    for widget in DASHBOARD:
        for first, *rest in widget["properties"].get("metrics", []):
            if isinstance(first, dict):
                search = re.fullmatch(r"SEARCH\('\{Gastown,([\w,]+)\} MetricName=\"([\w.]+)\" .*", first["expression"])
                assert search is not None, first
                yield search[2], frozenset(search[1].split(","))
            elif first == "Gastown":
                yield rest[0], frozenset(rest[1:-1:2])
    for alarm in things("AWS::CloudWatch::Alarm").values():
        if alarm["Properties"]["Namespace"] == "Gastown":
            yield alarm["Properties"]["MetricName"], frozenset(one["Name"] for one in alarm["Properties"]["Dimensions"])


def test_whatever_is_shown_or_watched_is_written_with_these_dimensions() -> None:
    """A metric that nobody writes, or under other dimensions, is an empty graph and an alarm that never rings."""
    apart = {"service", "stage"}
    written = {metric.value: frozenset(apart | ({"kind"} if metric in KINDED else set())) for metric in Metric}

    assert [] == [(name, dimensions) for name, dimensions in shown() if written.get(name) != dimensions]
    assert {Metric.TICK_MS, Metric.PENDING_EVENTS, Metric.DISPATCHES, Metric.ESCALATIONS_OPENED} <= dict(shown()).keys()


def test_dimensions_have_the_values_that_are_written() -> None:
    """Service and stage of a metric are those of the functions' environment."""
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    watched = [
        {one["Name"]: one["Value"] for one in alarm["Properties"]["Dimensions"]}
        for alarm in things("AWS::CloudWatch::Alarm").values()
        if alarm["Properties"]["Namespace"] == "Gastown"
    ]
    drawn = [
        dict(zip(rest[1:-1:2], rest[2:-1:2], strict=True))
        for widget in DASHBOARD
        for first, *rest in widget["properties"].get("metrics", [])
        if first == "Gastown"
    ]

    assert {"service": variables["POWERTOOLS_SERVICE_NAME"], "stage": variables["GASTOWN_STAGE"]} == watched[0]
    assert [watched[0]] * len(watched) == watched
    assert [{"service": variables["POWERTOOLS_SERVICE_NAME"], "stage": "${Stage}"}] * len(drawn) == drawn


def test_the_dashboard_shows_every_door_and_no_other() -> None:
    """But the debug door, which stands where nobody operates."""
    shown_doors = set(re.findall(r'"FunctionName", "\$\{AWS::StackName\}-(\w+)"', json.dumps(DASHBOARD)))
    folders = {thing["Properties"]["CodeUri"].rstrip("/").rpartition("/")[2] for thing in FUNCTIONS.values()}

    assert shown_doors == folders - {"debug"}


def test_the_kinds_that_the_dashboard_sums_are_actions() -> None:
    """They stand in the line of each tick by the names of their classes."""
    summed = set(re.findall(r"sum\(kinds\.(\w+)\)", json.dumps(DASHBOARD)))

    assert {"Dispatch", "LoseRun"} <= summed <= {kind.__name__ for kind in get_args(Action)}


def test_the_dashboards_widgets_do_not_cover_each_other() -> None:
    """Each has its place in a grid of 24 columns."""
    taken: set[tuple[int, int]] = set()
    for widget in DASHBOARD:
        place = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not place & taken, widget["properties"]
        assert max(x for x, _ in place) < 24
        taken |= place
