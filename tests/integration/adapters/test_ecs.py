"""The container runtime on the emulator keeps the contract of the port, and asks ECS for the right task."""

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from types_boto3_ecs.client import ECSClient

from gastown.adapters.ecs.container_runtime import EcsContainerRuntime
from gastown.domain.errors import Unavailable
from gastown.ports.container_runtime import RuntimeRefused
from gastown.settings import Settings
from tests.support.contracts.container_runtime import ContainerRuntimeContract


def chosen(cluster: str) -> Settings:
    """A deployment with this cluster."""
    return Settings(
        cluster=cluster,
        task_definition=cluster,
        subnets=("subnet-1", "subnet-2"),
        security_groups=("sg-1",),
        api_url="https://api.example.com",
    )


class TestEcsContainerRuntime(ContainerRuntimeContract):
    """The contract, on a cluster of the emulator."""

    @pytest.fixture
    def ecs(self, emulator: str) -> ECSClient:
        """A client of the emulator."""
        return boto3.client("ecs", endpoint_url=emulator)

    @pytest.fixture
    def container_runtime(self, ecs: ECSClient, fresh: str) -> EcsContainerRuntime:
        """The adapter on a cluster and task definition of its own."""
        ecs.create_cluster(clusterName=fresh)
        ecs.register_task_definition(
            family=fresh,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "gastown", "image": "gastown"}],
        )
        return EcsContainerRuntime(settings=chosen(fresh), client=lambda: ecs)

    @pytest.fixture
    def silent(self, nowhere: str, one_try: Config) -> EcsContainerRuntime:
        """The adapter where nobody answers."""
        client = boto3.client("ecs", endpoint_url=nowhere, config=one_try)
        return EcsContainerRuntime(settings=chosen("towns"), client=lambda: client)

    def test_the_container_learns_who_it_is(
        self, container_runtime: EcsContainerRuntime, ecs: ECSClient, fresh: str
    ) -> None:
        """Town, generation, boot code and where to ask: nothing else, and nothing that lasts."""
        arn = container_runtime.run("town-1", 3, "code", "town-1-3")
        (task,) = ecs.describe_tasks(cluster=fresh, tasks=[arn])["tasks"]
        (override,) = task["overrides"]["containerOverrides"]

        assert task["startedBy"] == "town-1/3"
        assert {pair["name"]: pair["value"] for pair in override["environment"]} == {
            "GASTOWN_TOWN_ID": "town-1",
            "GASTOWN_GENERATION": "3",
            "GASTOWN_BOOT_CODE": "code",
            "GASTOWN_API_URL": "https://api.example.com",
        }


@pytest.fixture
def ecs() -> ECSClient:
    """A client whose answers are made up."""
    return boto3.client("ecs")


@pytest.mark.parametrize("reasons", [["RESOURCE:CPU"], ["RESOURCE:MEMORY", "AGENT"]])
def test_failures_in_an_answer_are_a_refusal(ecs: ECSClient, reasons: list[str]) -> None:
    """ECS answers 200 and starts nothing."""
    runtime, stub = EcsContainerRuntime(settings=chosen("towns"), client=lambda: ecs), Stubber(ecs)
    stub.add_response("run_task", {"tasks": [], "failures": [{"reason": reason} for reason in reasons]})

    with stub, pytest.raises(RuntimeRefused) as refused:
        runtime.run("town-1", 1, "code", "token")
    assert refused.value.cause == ", ".join(sorted(reasons))


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("ClientException", 400, RuntimeRefused),
        ("InvalidParameterException", 400, RuntimeRefused),
        ("ConflictException", 400, RuntimeRefused),
        ("AccessDeniedException", 400, RuntimeRefused),
        ("ThrottlingException", 400, Unavailable),
        ("ServerException", 500, Unavailable),
        ("SomethingNew", 503, Unavailable),
    ],
)
def test_refusals_are_told_apart_from_answers_that_did_not_come(
    ecs: ECSClient, code: str, status: int, error: type[Exception]
) -> None:
    """A refused start is rolled back; an unknown one is asked again with the same client token."""
    runtime, stub = EcsContainerRuntime(settings=chosen("towns"), client=lambda: ecs), Stubber(ecs)
    stub.add_client_error("run_task", code, "the service's words", http_status_code=status)

    with stub, pytest.raises(error, match=code):
        runtime.run("town-1", 1, "code", "token")


def test_a_request_depends_on_its_arguments_and_the_deployment_only(ecs: ECSClient) -> None:
    """Otherwise a retry with the same client token would conflict."""
    requests: list[dict[str, Any]] = []
    ecs.meta.events.register(
        "provide-client-params.ecs.RunTask", lambda params, **_: requests.append(dict(params)), unique_id="note"
    )
    with Stubber(ecs) as stub:
        for _ in range(2):
            stub.add_response("run_task", {"tasks": [{"taskArn": "arn"}]})
            EcsContainerRuntime(settings=chosen("towns"), client=lambda: ecs).run("town-1", 1, "code", "token")

    assert requests[0] == requests[1]
    assert requests[0]["clientToken"] == "token"
    assert requests[0]["networkConfiguration"]["awsvpcConfiguration"] == {
        "subnets": ["subnet-1", "subnet-2"],
        "securityGroups": ["sg-1"],
        "assignPublicIp": "ENABLED",
    }


def test_an_answer_about_nothing_is_unknown(ecs: ECSClient) -> None:
    """Neither a task nor the word that it is missing."""
    with Stubber(ecs) as stub:
        stub.add_response("describe_tasks", {"tasks": [], "failures": []})
        assert EcsContainerRuntime(settings=chosen("towns"), client=lambda: ecs).check("arn") == "unknown"


@pytest.mark.parametrize(
    ("status", "state"),
    [("PENDING", "running"), ("RUNNING", "running"), ("STOPPING", "running"), ("DEPROVISIONING", "stopped")],
)
def test_a_task_runs_until_its_containers_have_ended(ecs: ECSClient, status: str, state: str) -> None:
    """A task that saves its work is still there; one whose network is being removed is not."""
    with Stubber(ecs) as stub:
        stub.add_response("describe_tasks", {"tasks": [{"taskArn": "arn", "lastStatus": status}]})
        assert EcsContainerRuntime(settings=chosen("towns"), client=lambda: ecs).check("arn") == state
