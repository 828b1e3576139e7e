"""The look at an account before a deployment: each check says ok, low, missing or unknown, and what to do."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.operate.aws import client
from infra.operate.finding import Finding
from infra.operate.image_reference import REFERENCE
from infra.operate.plan import Plan, PlanError, read_plan
from infra.operate.preflight import findings, main
from tests.unit.operate.conftest import Account

ACCOUNT = "123456789012"
FARGATE, LAMBDA, TABLES = ("fargate", "L-3032A538"), ("lambda", "L-B99A9384"), ("dynamodb", "L-F98FE922")


@pytest.fixture
def roomy(account: Account) -> Account:
    """An account with room for everything and a default VPC with a way out."""
    account.applied = {FARGATE: 4000, LAMBDA: 1000, TABLES: 2500}
    account.named = {
        "states": {"Open executions": 1_000_000, "State machines": 10_000},
        "scheduler": {"Number of schedules": 10_000_000, "Number of schedule groups": 500},
    }
    client("iam").create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    ec2 = client("ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=default_vpc())
    table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [default_vpc()]}])["RouteTables"][0]
    ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    return account


def default_vpc() -> str:
    """Return the account's default VPC."""
    return str(client("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"])


def a_subnet() -> str:
    """Return a subnet of the default VPC."""
    subnets = client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [default_vpc()]}])["Subnets"]
    return str(subnets[0]["SubnetId"])


def own_routes(subnet: str, **route: Any) -> None:
    """Give a subnet a route table of its own, with this route to everywhere, or none."""
    ec2 = client("ec2")
    table = ec2.create_route_table(VpcId=default_vpc())["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    if route:
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **route)


def seen(**environment: str) -> dict[str, Finding]:
    """Return the findings for these values by title."""
    return {finding.title: finding for finding in findings(read_plan(environment))}


def states(**environment: str) -> dict[str, str]:
    """Return the states for these values by title."""
    return {title: finding.state for title, finding in seen(**environment).items()}


def test_a_roomy_account_is_ready(roomy: Account, capsys: pytest.CaptureFixture[str]) -> None:
    """Every check is ok, one line each, and the command succeeds."""
    region = client("sts").meta.region_name
    client("ecr").create_repository(repositoryName="gastown-container")
    manifest = '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "layers": []}'
    client("ecr").put_image(repositoryName="gastown-container", imageTag="1", imageManifest=manifest)
    image = f"{ACCOUNT}.dkr.ecr.{region}.amazonaws.com/gastown-container:1"

    assert main({"IMAGE": image, "SUBNETS": a_subnet()}) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == ["ok"] * 10
    assert lines[-1] == "10 checks for stage dev: 10 ok, 0 low, 0 missing, 0 unknown"


def test_without_credentials_nothing_else_is_asked(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says what to set, and the command fails."""
    account.refused["GetCallerIdentity"] = ["InvalidClientTokenId"]

    assert main({}) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("missing  credentials              InvalidClientTokenId -> set AWS_PROFILE")


@pytest.fixture
def fresh_clients() -> Iterator[None]:
    """No client is remembered before the test nor after it."""
    client.cache_clear()
    yield
    client.cache_clear()


@pytest.mark.usefixtures("account", "fresh_clients")
def test_without_a_region_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's own name for it, before any request."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)

    assert [(f.state, f.seen) for f in findings(read_plan({}))] == [("missing", "NoRegionError")]


def test_less_than_may_be_used_is_low_and_less_than_one_container_is_missing(roomy: Account) -> None:
    """A new account's few vCPUs carry some towns; the advice is a request with the number in it."""
    roomy.applied[FARGATE] = 6
    finding = seen()["Fargate vCPUs"]
    assert (finding.state, finding.seen) == ("low", "6 allowed, 100 may be used: 50 containers of 2 vCPU")
    assert "--service-code fargate --quota-code L-3032A538 --desired-value 100" in finding.advice

    assert states(CONTAINER_CAP="3")["Fargate vCPUs"] == "ok"
    assert states(CONTAINER_CPU="8192")["Fargate vCPUs"] == "missing"
    roomy.applied[LAMBDA] = 10
    assert states()["Lambda concurrency"] == "low"


def test_the_template_says_what_is_needed(roomy: Account) -> None:
    """Stage and parameters' defaults are read from it, so the two cannot differ."""
    dev, prod = read_plan({}), read_plan({"STAGE": "prod"})

    assert (dev.containers, prod.containers) == (50, 500)
    assert (dev.vcpu_each, dev.effects_at_once, dev.functions) == (2, 50, 10)
    assert (dev.stage, dev.public_ip, dev.towns) == ("dev", True, 50)


def test_what_the_account_never_changed_has_awss_default(roomy: Account) -> None:
    """No applied value means the default one."""
    del roomy.applied[TABLES]
    roomy.defaults[TABLES] = 2500

    assert seen()["DynamoDB tables"].seen == "2500 allowed, 51 may be used: 0 there already, the directory and 50 towns"


@pytest.mark.parametrize("service", ["states", "scheduler"])
def test_a_quota_that_is_not_found_is_unknown(roomy: Account, service: str) -> None:
    """Neither a missing name nor two that fit is taken for an answer."""
    title = {"states": "Step Functions", "scheduler": "EventBridge schedules"}[service]
    roomy.named[service] = {"Something else": 5}
    assert states()[title] == "unknown"

    alike = ("Open executions", "Open map executions", "Number of schedules a", "Number of schedules b")
    roomy.named[service] = dict.fromkeys(alike, 5)
    assert states()[title] == "unknown"


def test_what_aws_does_not_show_us_is_unknown_and_stops_no_other_check(roomy: Account) -> None:
    """A missing right leaves one line open."""
    roomy.refused = {"ListRoles": ["AccessDenied"], "DescribeVpcs": ["UnauthorizedOperation"]}
    known = seen()

    assert known["ECS service-linked role"].seen == "AWS did not say (AccessDenied)"
    assert {title for title, finding in known.items() if finding.state == "unknown"} == {
        "ECS service-linked role",
        "network",
        "container image",
    }


def test_tables_that_are_there_leave_less_room(roomy: Account) -> None:
    """Those of others count too."""
    key = [{"AttributeName": "pk", "KeyType": "HASH"}]
    types = [{"AttributeName": "pk", "AttributeType": "S"}]
    for number in range(3):
        client("dynamodb").create_table(
            TableName=f"other-{number}", KeySchema=key, AttributeDefinitions=types, BillingMode="PAY_PER_REQUEST"
        )
    roomy.applied[TABLES] = 4
    assert states(TOWNS="1")["DynamoDB tables"] == "missing"
    roomy.applied[TABLES] = 5
    assert states(TOWNS="1")["DynamoDB tables"] == "ok"
    assert states(TOWNS="2")["DynamoDB tables"] == "low"


@pytest.mark.usefixtures("account")
def test_the_ecs_role_is_missing_in_a_new_account() -> None:
    """ECS cannot give tasks a network without it."""
    finding = seen()["ECS service-linked role"]

    assert (finding.state, finding.advice) == (
        "missing",
        "`aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com`",
    )


@pytest.mark.usefixtures("roomy")
def test_subnets_must_be_there_and_in_the_containers_vpc() -> None:
    """The security group is made in one VPC, so the subnets have to be in it."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    elsewhere = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    known = states(SUBNETS=f"{a_subnet()}, {elsewhere},subnet-00000000")

    assert (known[a_subnet()], known[elsewhere], known["subnet-00000000"]) == ("ok", "missing", "missing")
    assert seen(SUBNETS=elsewhere, VPC=vpc)[elsewhere].seen == "no way out to the internet"
    assert states(VPC="vpc-00000000")["VPC"] == "missing"
    assert states()["subnets"] == "unknown"


@pytest.mark.usefixtures("roomy")
def test_a_subnet_needs_a_way_out_that_fits_its_addresses() -> None:
    """Through an internet gateway only with a public address, through a NAT gateway always, else not at all."""
    ec2, subnet = client("ec2"), a_subnet()
    assert states(SUBNETS=subnet)[subnet] == "ok"
    assert states(SUBNETS=subnet, PUBLIC_IP="DISABLED")[subnet] == "missing"

    nat = ec2.create_nat_gateway(SubnetId=subnet)["NatGateway"]["NatGatewayId"]
    private = ec2.create_subnet(VpcId=default_vpc(), CidrBlock="172.31.240.0/24")["Subnet"]["SubnetId"]
    own_routes(private, NatGatewayId=nat)
    assert states(SUBNETS=private, PUBLIC_IP="DISABLED")[private] == "ok"

    closed = ec2.create_subnet(VpcId=default_vpc(), CidrBlock="172.31.241.0/24")["Subnet"]["SubnetId"]
    own_routes(closed)
    assert seen(SUBNETS=closed)[closed].seen == "no way out to the internet"


@pytest.mark.usefixtures("roomy")
def test_an_image_is_looked_up_where_that_is_possible() -> None:
    """In this account's ECR by tag; elsewhere its form is judged, and that is said."""
    region = client("sts").meta.region_name
    home = f"{ACCOUNT}.dkr.ecr.{region}.amazonaws.com"

    def state(image: str) -> str:
        return states(IMAGE=image)["container image"]

    assert state(f"{home}/gastown:1") == "missing"
    client("ecr").create_repository(repositoryName="gastown")
    assert state(f"{home}/gastown:1") == "missing"
    assert state(f"999999999999.dkr.ecr.{region}.amazonaws.com/gastown:1") == "missing"
    assert state("ghcr.io/someone/gastown-container:1") == "unknown"
    assert state("Not An Image") == "missing"
    assert state("") == "unknown"


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("gastown", (None, "gastown", None)),
        ("gastown:1", (None, "gastown", "1")),
        ("some/one:1.0-a", (None, "some/one", "1.0-a")),
        ("localhost:5000/gastown:1", ("localhost:5000", "gastown", "1")),
        ("ghcr.io/a/b-c__d", ("ghcr.io", "a/b-c__d", None)),
        (f"ghcr.io/a/b@sha256:{'0' * 64}", ("ghcr.io", "a/b", None)),
    ],
)
def test_a_reference_has_registry_path_and_tag(image: str, parts: tuple[str | None, ...]) -> None:
    """As Docker reads them."""
    found = REFERENCE.match(image)

    assert found is not None
    assert (found["registry"], found["path"], found["tag"]) == parts


@pytest.mark.parametrize("image", ["Upper/case", "a:", "a b", "a//b", "a@sha256:12", "https://ghcr.io/a", "-a"])
def test_what_docker_would_refuse_is_no_reference(image: str) -> None:
    """A deployment would fail at the first container otherwise."""
    assert REFERENCE.match(image) is None


@pytest.mark.parametrize("wrong", [{"STAGE": "moon"}, {"CONTAINER_CAP": "many"}, {"TOWNS": "-1"}])
def test_values_that_make_no_sense_are_refused(wrong: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """By name, before AWS is asked."""
    with pytest.raises(PlanError):
        read_plan(wrong)
    assert main(wrong) == 2
    assert next(iter(wrong)) in capsys.readouterr().err


def test_a_plan_is_a_value() -> None:
    """Two reads of the same values are the same plan."""
    assert isinstance(read_plan({}), Plan)
    assert read_plan({"TOWNS": "7"}) == read_plan({"TOWNS": " 7 "})
