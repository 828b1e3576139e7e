"""`python -m infra.operate.preflight`: looks at what a deployment needs from the caller's account and region.

One line a check: ok, low (it works, with less than the template may use), missing, or unknown; and what to do.
"""

import os
import sys
from collections.abc import Iterator, Mapping

from infra.operate.aws import AwsError, client, code_of, whereabouts
from infra.operate.finding import Finding, guarded
from infra.operate.image_reference import TITLE as IMAGE
from infra.operate.image_reference import check_image
from infra.operate.network import check_network
from infra.operate.plan import Plan, PlanError, read_plan
from infra.operate.quotas import check_quotas

ECS_ROLES = "/aws-service-role/ecs.amazonaws.com/"


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Print every finding; 1 if something is missing, 2 if the caller's values make no sense."""
    try:
        plan = read_plan(environment)
    except PlanError as error:
        print(error, file=sys.stderr)
        return 2
    states = []
    for finding in findings(plan):
        print(finding.line(), flush=True)
        states.append(finding.state)
    counts = ", ".join(f"{states.count(state)} {state}" for state in ("ok", "low", "missing", "unknown"))
    print(f"{len(states)} checks for stage {plan.stage}: {counts}")
    return 1 if "missing" in states else 0


def findings(plan: Plan) -> Iterator[Finding]:
    """Every check in turn; without credentials there is nothing else to ask."""
    try:
        account, region = whereabouts()
    except AwsError as error:
        advice = "set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_REGION"
        yield Finding(title="credentials", state="missing", seen=code_of(error), advice=advice)
        return
    yield Finding(title="credentials", state="ok", seen=f"account {account}, region {region}")
    yield from guarded("ECS service-linked role", check_role)
    yield from check_quotas(plan)
    yield from guarded("network", lambda: check_network(plan))
    yield from guarded(IMAGE, lambda: check_image(plan, account, region))


def check_role() -> Iterator[Finding]:
    """ECS needs its role in the account before the first task gets a network."""
    roles = client("iam").list_roles(PathPrefix=ECS_ROLES)["Roles"]
    if roles:
        yield Finding(title="ECS service-linked role", state="ok", seen=roles[0]["RoleName"])
        return
    advice = "`aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com`"
    yield Finding(title="ECS service-linked role", state="missing", seen="not in this account", advice=advice)


if __name__ == "__main__":
    sys.exit(main())
