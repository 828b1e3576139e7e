"""One record a request, metrics without ids, spans by sampling, and nothing secret in any line."""

import ast
import itertools
import json
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gastown import metrics, observability
from gastown.metrics import TOLD_BY_CONTAINERS, Metric

Lines = Any
_numbers = itertools.count(1)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """A logger of this test's own environment, and a function that gives what it wrote since the last call."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"gastown-{next(_numbers)}")  # a logger keeps its first stream
    monkeypatch.setenv("GASTOWN_STAGE", "dev")
    monkeypatch.setenv("GASTOWN_TRACE_SAMPLE", "1")
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
    _forget()
    yield lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    _forget()


def _forget() -> None:
    observability.logger.cache_clear()
    observability._chosen.cache_clear()


def test_a_request_is_one_record_with_what_is_known(written: Lines) -> None:
    """REQ-2.1: route pattern, ids, duration and outcome; what is not known has no key."""
    observability.request_record(
        route="/api/towns/{townId}/rigs/{rigId}/beads",
        method="GET",
        status=200,
        duration_ms=12.3456,
        user_id="user-1",
        town_id="town-1",
        rig_id="rig-1",
        agent_id=None,
    )

    (record,) = written()
    assert record["route"] == "/api/towns/{townId}/rigs/{rigId}/beads"
    assert (record["method"], record["status"], record["duration_ms"]) == ("GET", 200, 12.3)
    assert (record["outcome"], record["delivery"], record["level"]) == ("ok", "http", "INFO")
    assert (record["user_id"], record["town_id"], record["rig_id"]) == ("user-1", "town-1", "rig-1")
    assert not {"agent_id", "bead_id", "convoy_id", "error"} & record.keys()
    assert record["service"] == os.environ["POWERTOOLS_SERVICE_NAME"]


def test_libraries_are_heard_from_warnings_on(written: Lines) -> None:
    """The runtime prints what reaches the root: addresses of requests would go past the masking (REQ-2.1)."""
    root = logging.getLogger()
    before, root.level = root.level, logging.INFO  # as Lambda sets it for logs in JSON
    try:
        observability.logger()

        assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
        assert logging.getLogger("httpx").isEnabledFor(logging.WARNING)
    finally:
        root.setLevel(before)


@pytest.mark.parametrize(("status", "outcome", "level"), [(409, "refused", "INFO"), (500, "failed", "ERROR")])
def test_the_outcome_follows_from_the_status(written: Lines, status: int, outcome: str, level: str) -> None:
    """Only our own faults are errors."""
    observability.request_record(route="/x", method="POST", status=status, duration_ms=1, error="no")

    (record,) = written()
    assert (record["outcome"], record["level"], record["error"]) == (outcome, level, "no")


def test_a_record_does_not_inherit_from_the_one_before(written: Lines) -> None:
    """Ids of one request never appear in the next."""
    observability.request_record(route="/x", method="GET", status=200, duration_ms=1, town_id="town-1")
    observability.request_record(route="/y", method="GET", status=200, duration_ms=1)

    assert "town_id" not in written()[1]


def test_a_count_has_service_stage_and_kind(written: Lines) -> None:
    """As a line of the embedded metric format."""
    observability.count(Metric.EFFECTS_RETRY, 2, kind="run_task")

    (line,) = written()
    definition = line["_aws"]["CloudWatchMetrics"][0]
    assert (definition["Namespace"], definition["Metrics"]) == (
        "Gastown",
        [{"Name": "effects_retry", "Unit": "Count"}],
    )
    assert set(definition["Dimensions"][0]) == {"service", "stage", "kind"}
    assert (line["effects_retry"], line["service"], line["stage"], line["kind"]) == (
        [2.0],
        os.environ["POWERTOOLS_SERVICE_NAME"],
        "dev",
        "run_task",
    )


def test_metrics_that_belong_together_are_one_line(written: Lines) -> None:
    """Each with its unit; what they are about is in the line and no dimension, for each value would be paid for."""
    about = {"town_id": "town-1", "url": "https://user:hush-hush-hush@host/"}
    observability.measure({Metric.TICK_MS: 3.5, Metric.ACTIONS: 2}, about=about)

    (line,) = written()
    [definition] = line["_aws"]["CloudWatchMetrics"]
    units = {metric["Name"]: metric["Unit"] for metric in definition["Metrics"]}
    assert {"tick_ms": "Milliseconds", "actions": "Count"} == units
    assert ([3.5], [2.0], "town-1") == (line["tick_ms"], line["actions"], line["town_id"])
    assert [{"service", "stage"}] == [set(dimensions) for dimensions in definition["Dimensions"]]
    assert "hush" not in json.dumps(line)


@pytest.mark.parametrize(("metric", "kind"), [(Metric.ACTIONS, "Dispatch"), (Metric.EFFECTS_RETRY, None)])
def test_a_kind_that_is_missing_or_too_much_is_refused(written: Lines, metric: Metric, kind: str | None) -> None:
    """It would be a metric that no dashboard looks for."""
    with pytest.raises(ValueError, match=metric):
        observability.count(metric, kind=kind)
    assert written() == []


def test_every_metric_is_written_by_some_module() -> None:
    """One that is only declared would be an empty graph."""
    house = Path(metrics.__file__).parent
    modules = [ast.parse(path.read_text()) for path in house.rglob("*.py") if path != Path(metrics.__file__)]
    named = {
        node.attr
        for module in modules
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Metric"
    }

    assert {metric.name for metric in Metric} - {metric.name for metric in TOLD_BY_CONTAINERS} == named


@pytest.mark.parametrize("key", ["token", "agent_token", "secret", "client-secret", "password", "code", "boot_code"])
def test_values_of_secret_keys_are_masked(written: Lines, key: str) -> None:
    """At any depth, whatever the value is made of."""
    observability.logger().info("x", extra={"outer": [{key: "hush"}, {key: {"part": "hush"}}]})

    assert written()[0]["outer"] == [{key: "***"}, {key: "***"}]


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hush-hush-hush",
        "fetch https://x-access-token:hush-hush-hush@git.example.com/a.git",
        "https://hush-hush-hush@git.example.com/a.git",
        "GET /connect?token=hush-hush-hush&x=1",
        '{"password": "hush-hush-hush"}',
        "eyJhbGciOiJIUzI1NiJ9.hush-hush-hush.hush-hush-hush",
    ],
)
def test_secrets_inside_texts_are_masked(written: Lines, text: str) -> None:
    """In messages, in extra fields and in the text of exceptions."""
    observability.logger().info(text, extra={"field": text})
    try:
        int(text)
    except ValueError:
        observability.logger().exception("it failed")

    lines = written()
    assert len(lines) == 2
    assert not re.search("hush", json.dumps(lines))


@pytest.mark.parametrize("text", ["bead 7 is closed", "https://git.example.com/a.git", "exit code: 1", "no such token"])
def test_ordinary_texts_stay_as_they_are(written: Lines, text: str) -> None:
    """A mask over everything would be no log."""
    observability.logger().info(text, extra={"exit_code": 1, "tokens": 12, "code_owner": "me"})

    (record,) = written()
    assert record["message"] == text
    assert (record["exit_code"], record["tokens"], record["code_owner"]) == (1, 12, "me")


def test_sampling_is_decided_by_the_trace() -> None:
    """The same answer for the same trace, and about the share that was asked for."""
    traces = [f"1-{number:08x}-abcdefabcdefabcdefabcdef" for number in range(2000)]
    first = [observability.is_sampled(trace, 0.1) for trace in traces]

    assert first == [observability.is_sampled(trace, 0.1) for trace in traces]
    assert 120 < sum(first) < 280
    assert all(observability.is_sampled(trace, 1) for trace in traces)
    assert not any(observability.is_sampled(trace, 0) for trace in traces)


def test_a_sampled_trace_writes_its_spans(written: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    """With name, trace and duration; also when the block raises, and then the error goes on."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-abc-def;Parent=1;Sampled=1")
    with observability.span("load", town_id="town-1"):
        pass
    with pytest.raises(KeyError), observability.span("commit"):
        raise KeyError

    load, commit = written()
    assert (load["span"], load["trace_id"], load["town_id"]) == ("load", "1-abc-def", "town-1")
    assert load["duration_ms"] >= 0
    assert (commit["span"], commit["error"]) == ("commit", "KeyError")


def test_traces_that_are_not_sampled_and_blocks_outside_of_one_write_no_span(
    written: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REQ-7.5: sampling touches spans only; records and metrics are written all the same."""
    with observability.span("load"):
        pass
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-abc-def")
    monkeypatch.setenv("GASTOWN_TRACE_SAMPLE", "0")
    observability._chosen.cache_clear()
    with observability.span("load"):
        pass
    observability.request_record(route="/x", method="GET", status=200, duration_ms=1)
    observability.count(Metric.TICKS_FAILED)

    assert [line.get("message", "metric") for line in written()] == ["request", "metric"]
