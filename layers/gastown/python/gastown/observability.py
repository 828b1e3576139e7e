"""Logs, metrics and sampled span records, without a tracer (design section 6).

A request writes one record. Logs and metrics are never sampled. Nothing secret leaves: every line is masked just
before it is written, whatever key or text the secret hides in.
"""

import hashlib
import json
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, Required, TypedDict, Unpack

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from gastown import settings
from gastown.metrics import DURATIONS, KINDED, Metric

NAMESPACE: Final = "Gastown"
TRACE_VARIABLE: Final = "_X_AMZN_TRACE_ID"
MASK: Final = "***"

SECRET_KEYS: Final = re.compile(
    r"(?:.*[_-])?(?:token|secret|password|authorization|cookie)|(?:boot_?)?code", re.IGNORECASE
)
SECRET_TEXTS: Final = (
    (re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"\b([a-z][a-z0-9+.-]{0,30}://)[^\s/@]+@", re.IGNORECASE), rf"\1{MASK}@"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), MASK),
    (
        re.compile(r"""\b(\w*(?:token|secret|password)["']?\s*[=:]\s*["']?)[^\s"'&,;}]{8,}""", re.IGNORECASE),
        rf"\1{MASK}",
    ),
)
CLIENT_FAULT, SERVER_FAULT = 400, 500


def masked(value: Any, key: str = "") -> Any:
    """The same value without what nobody may read: by the name of its key, and by what texts look like."""
    if value is not None and value != "" and not isinstance(value, bool) and SECRET_KEYS.fullmatch(key):
        return MASK
    if isinstance(value, dict):
        return {masked(str(name)): masked(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [masked(inner) for inner in value]
    if isinstance(value, str):
        for pattern, replacement in SECRET_TEXTS:
            value = pattern.sub(replacement, value)
    return value


class MaskingFormatter(LambdaPowertoolsFormatter):
    """Masks the finished record, stack trace and all, so that no way of logging goes around it."""

    def serialize(self, log: Any) -> str:
        """The record as one line of JSON."""
        plain = json.loads(json.dumps(log, default=self.json_default))
        return super().serialize(masked(plain))


@cache
def logger() -> Logger:
    """The process's one logger; service and level come from `POWERTOOLS_SERVICE_NAME` and `POWERTOOLS_LOG_LEVEL`.

    Libraries are heard from warnings on: the runtime would print their INFO lines, addresses and all, past the masking.
    """
    logging.getLogger().setLevel(logging.WARNING)
    return Logger(service=_chosen().service, logger_formatter=MaskingFormatter(utc=True))


@cache
def _chosen() -> settings.Settings:
    return settings.read(os.environ)


class RequestFields(TypedDict, total=False):
    """What a request's record may carry: only those ids that the router's match or the caller's token made known."""

    route: Required[str]
    method: Required[str]
    status: Required[int]
    duration_ms: Required[float]
    outcome: str
    error: str | None
    delivery: str
    org_id: str | None
    user_id: str | None
    town_id: str | None
    rig_id: str | None
    agent_id: str | None
    bead_id: str | None
    convoy_id: str | None


def request_record(**fields: Unpack[RequestFields]) -> None:
    """Write the one record of a request. `route` is the pattern, not the path; outcome is ok, refused or failed."""
    status = fields["status"]
    known: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
    known["duration_ms"] = round(fields["duration_ms"], 1)
    known.setdefault("outcome", "ok" if status < CLIENT_FAULT else "refused" if status < SERVER_FAULT else "failed")
    known.setdefault("delivery", "http")
    write = logger().error if status >= SERVER_FAULT else logger().info
    write("request", extra=known)


def count(metric: Metric, value: float = 1, *, kind: str | None = None) -> None:
    """Write one metric; otherwise like `measure`."""
    measure({metric: value}, kind=kind)


def measure(
    values: Mapping[Metric, float], *, kind: str | None = None, about: Mapping[str, object] | None = None
) -> None:
    """Write metrics as one line. `about` stands beside them and is no dimension: ids belong there.

    Raises ValueError for a kind that is missing or too much: nobody would find the metric.
    """
    if odd := sorted(metric for metric in values if (metric in KINDED) != (kind is not None)):
        raise ValueError(f"{'needs no' if kind is not None else 'needs a'} kind: {', '.join(odd)}")
    apart = {"service": _chosen().service, "stage": _chosen().stage} | ({} if kind is None else {"kind": kind})
    line = EphemeralMetrics(namespace=NAMESPACE, default_dimensions=apart, metadata_set=masked(dict(about or {})))
    for metric, value in values.items():
        unit = MetricUnit.Milliseconds if metric in DURATIONS else MetricUnit.Count
        line.add_metric(name=metric.value, unit=unit, value=value)
    line.flush_metrics()


def is_sampled(trace_id: str, share: float | None = None) -> bool:
    """Whether this trace's spans are written: the same answer wherever the trace comes by. `share` is 0 to 1."""
    chosen = _chosen().trace_sample if share is None else share
    place = int.from_bytes(hashlib.sha256(trace_id.encode()).digest()[:8], "big")
    return place < chosen * 2**64


def trace_id() -> str:
    """The root of the trace that Lambda is in; empty outside of one."""
    parts = (part.partition("=") for part in os.environ.get(TRACE_VARIABLE, "").split(";"))
    return next((value for name, _, value in parts if name == "Root"), "")


@contextmanager
def span(name: str, **fields: object) -> Iterator[None]:
    """Time a block; writes its record if the trace is sampled, also when the block raises. Outside a trace: nothing."""
    trace, start = trace_id(), time.perf_counter()
    failure: str | None = None
    try:
        yield
    except BaseException as error:
        failure = type(error).__name__
        raise
    finally:
        if trace and is_sampled(trace):
            took = round((time.perf_counter() - start) * 1000, 1)
            known = {**fields, "span": name, "trace_id": trace, "duration_ms": took}
            logger().info("span", extra=known if failure is None else {**known, "error": failure})
