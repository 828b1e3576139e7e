"""Whether containers will have a network: their VPC, their subnets, and a way out of each."""

from collections.abc import Iterator
from typing import Any

from infra.operate.aws import client
from infra.operate.finding import Finding
from infra.operate.plan import Plan

EVERYWHERE = "0.0.0.0/0"
CARRIERS = (
    "NatGatewayId",
    "TransitGatewayId",
    "InstanceId",
    "NetworkInterfaceId",
    "VpcPeeringConnectionId",
    "LocalGatewayId",
)
"""What a route may lead to, apart from an internet gateway, that does the translating itself."""


def check_network(plan: Plan) -> Iterator[Finding]:
    """The VPC, then each subnet."""
    ec2 = client("ec2")
    vpc = _vpc(ec2, plan)
    if vpc is None:
        advice = "name a VPC of this region with VPC= and deploy with its id as VpcId"
        yield Finding(title="VPC", state="missing", seen=plan.vpc or "no default VPC", advice=advice)
    else:
        yield Finding(title="VPC", state="ok", seen=vpc)
    if not plan.subnets:
        advice = "name them with SUBNETS=subnet-…,subnet-…; without any no container starts"
        yield Finding(title="subnets", state="unknown", seen="none given", advice=advice)
        return
    answer = ec2.describe_subnets(Filters=[{"Name": "subnet-id", "Values": list(plan.subnets)}])
    found = {subnet["SubnetId"]: subnet for subnet in answer["Subnets"]}
    for name in plan.subnets:
        yield _subnet(ec2, plan, name, found.get(name), vpc)


def _vpc(ec2: Any, plan: Plan) -> str | None:
    chosen = {"Name": "vpc-id", "Values": [plan.vpc]} if plan.vpc else {"Name": "is-default", "Values": ["true"]}
    vpcs = ec2.describe_vpcs(Filters=[chosen])["Vpcs"]
    return str(vpcs[0]["VpcId"]) if vpcs else None


def _subnet(ec2: Any, plan: Plan, name: str, subnet: dict[str, Any] | None, vpc: str | None) -> Finding:
    if subnet is None:
        return Finding(title=name, state="missing", seen="not in this account and region", advice="name another subnet")
    if subnet["VpcId"] != vpc:
        advice = f"take a subnet of {vpc}, or deploy with {subnet['VpcId']} as VpcId (VPC= here)"
        return Finding(title=name, state="missing", seen=f"in another VPC, {subnet['VpcId']}", advice=advice)
    return _way_out(plan, name, _routes(ec2, name, subnet["VpcId"]))


def _routes(ec2: Any, subnet: str, vpc: str) -> list[dict[str, Any]]:
    """The routes of the subnet's own table, or of its VPC's main one."""
    tables = ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])["RouteTables"]
    if not tables:
        main = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
        tables = ec2.describe_route_tables(Filters=main)["RouteTables"]
    return [route for table in tables for route in table["Routes"]]


def _way_out(plan: Plan, name: str, routes: list[dict[str, Any]]) -> Finding:
    out = [route for route in routes if route.get("DestinationCidrBlock") == EVERYWHERE and route["State"] == "active"]
    if not out:
        advice = "give its route table a route to 0.0.0.0/0"
        return Finding(title=name, state="missing", seen="no way out to the internet", advice=advice)
    carrier = next((out[0][key] for key in CARRIERS if out[0].get(key)), None)
    if carrier is None and not plan.public_ip:
        advice = "deploy with AssignPublicIp=ENABLED, or route it through a NAT gateway"
        return Finding(title=name, state="missing", seen="an internet gateway, but no public address", advice=advice)
    return Finding(title=name, state="ok", seen=f"a way out through {carrier or out[0].get('GatewayId', 'a gateway')}")
