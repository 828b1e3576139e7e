"""The account's service quotas beside what the template will use.

Codes are given where AWS has published them; the others are found by their names, and a quota that is not found is
unknown rather than ok.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.operate.aws import client, code_of
from infra.operate.finding import Finding, guarded
from infra.operate.plan import Plan

NOT_THERE: Final = "NoSuchResource"


@dataclass(frozen=True, kw_only=True)
class Need:
    """A quota, what a deployment cannot do without, and what it may come to use."""

    title: str
    service: str
    code: str | None
    name: str
    least: float
    wanted: float
    use: str
    short: str = ""


def check_quotas(plan: Plan) -> Iterator[Finding]:
    """One finding for each quota that a deployment can come up against."""
    yield from guarded("DynamoDB tables", lambda: _tables(plan))
    for need in needs(plan):
        yield from guarded(need.title, lambda need=need: [judge(need)])  # type: ignore[misc]


def needs(plan: Plan) -> list[Need]:
    """What the template will use, apart from tables."""
    return [
        Need(
            title="Fargate vCPUs",
            service="fargate",
            code="L-3032A538",
            name="Fargate On-Demand vCPU resource count",
            least=plan.vcpu_each,
            wanted=plan.containers * plan.vcpu_each,
            use=f"{plan.containers} containers of {plan.vcpu_each:g} vCPU",
            short="or deploy with a smaller ContainerCap",
        ),
        Need(
            title="Lambda concurrency",
            service="lambda",
            code="L-B99A9384",
            name="Concurrent executions",
            least=1,
            wanted=plan.effects_at_once + plan.functions,
            use=f"{plan.effects_at_once} effects at once and {plan.functions} functions",
        ),
        Need(
            title="Step Functions",
            service="states",
            code=None,
            name=r"open.*executions",
            least=1,
            wanted=plan.towns,
            use=f"an open convoy in each of {plan.towns} towns",
        ),
        Need(
            title="EventBridge schedules",
            service="scheduler",
            code=None,
            name=r"number of schedules",
            least=2,
            wanted=plan.towns + 1,
            use=f"the sweep and one schedule for each of {plan.towns} towns",
        ),
    ]


def _tables(plan: Plan) -> list[Finding]:
    """Tables are counted in the account, because those of others leave less room."""
    pages = client("dynamodb").get_paginator("list_tables").paginate()
    there = sum(len(page["TableNames"]) for page in pages)
    need = Need(
        title="DynamoDB tables",
        service="dynamodb",
        code="L-F98FE922",
        name="Maximum number of tables",
        least=there + 2,
        wanted=there + 1 + plan.towns,
        use=f"{there} there already, the directory and {plan.towns} towns",
    )
    return [judge(need)]


def judge(need: Need) -> Finding:
    """Compare a quota with its need."""
    value = quota_of(need)
    where = f"`aws service-quotas list-service-quotas --service-code {need.service}`"
    if value is None:
        return Finding(
            title=need.title, state="unknown", seen=f"needs {need.wanted:g}: {need.use}", advice=f"see {where}"
        )
    seen = f"{value:g} allowed, {need.wanted:g} may be used: {need.use}"
    if value >= need.wanted:
        return Finding(title=need.title, state="ok", seen=seen)
    code = f" --quota-code {need.code}" if need.code else ""
    ask = f"`aws service-quotas request-service-quota-increase --service-code {need.service}{code}"
    advice = f"{ask} --desired-value {need.wanted:g}`{f' {need.short}' if need.short else ''}"
    return Finding(title=need.title, state="low" if value >= need.least else "missing", seen=seen, advice=advice)


def quota_of(need: Need) -> float | None:
    """The value that applies to this account, else AWS's default, else None."""
    quotas = client("service-quotas")
    if need.code is None:
        applied = _named(quotas, "list_service_quotas", need)
        return _named(quotas, "list_aws_default_service_quotas", need) if applied is None else applied
    applied = _coded(quotas.get_service_quota, need)
    return _coded(quotas.get_aws_default_service_quota, need) if applied is None else applied


def _coded(ask: Any, need: Need) -> float | None:
    try:
        return float(ask(ServiceCode=need.service, QuotaCode=need.code)["Quota"]["Value"])
    except ClientError as error:
        if code_of(error) != NOT_THERE:
            raise
        return None


def _named(quotas: Any, listing: str, need: Need) -> float | None:
    pages: Iterable[Any] = quotas.get_paginator(listing).paginate(ServiceCode=need.service)
    try:
        found = [q for page in pages for q in page["Quotas"] if re.search(need.name, q["QuotaName"], re.IGNORECASE)]
    except ClientError as error:
        if code_of(error) != NOT_THERE:
            raise
        return None
    return float(found[0]["Value"]) if len(found) == 1 else None
