"""Workflows on the emulator keep the contract of the port."""

import json
import time

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from types_boto3_sqs.client import SQSClient
from types_boto3_stepfunctions.client import SFNClient

from gastown.adapters.stepfunctions.workflows import StepFunctionsWorkflows
from gastown.domain.errors import Unavailable
from tests.support.contracts.workflows import WaitingToken, WorkflowsContract

ROLE = "arn:aws:iam::000000000000:role/convoys"
SECONDS = 10.0


class TestStepFunctionsWorkflows(WorkflowsContract):
    """The contract, on a machine that sends its token to a queue and waits."""

    @pytest.fixture
    def sqs(self, emulator: str) -> SQSClient:
        """A client of the emulator."""
        return boto3.client("sqs", endpoint_url=emulator)

    @pytest.fixture
    def stepfunctions(self, emulator: str) -> SFNClient:
        """A client of the emulator."""
        return boto3.client("stepfunctions", endpoint_url=emulator)

    @pytest.fixture
    def queue_url(self, sqs: SQSClient, fresh: str) -> str:
        """Where the machine sends its tokens."""
        return sqs.create_queue(QueueName=fresh)["QueueUrl"]

    @pytest.fixture
    def machine_arn(self, stepfunctions: SFNClient, queue_url: str, fresh: str) -> str:
        """One state that waits for an answer."""
        wait = {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {"QueueUrl": queue_url, "MessageBody": {"token.$": "$$.Task.Token"}},
            "TimeoutSeconds": 60,
            "End": True,
        }
        definition = json.dumps({"StartAt": "Wait", "States": {"Wait": wait}})
        return stepfunctions.create_state_machine(name=fresh, definition=definition, roleArn=ROLE)["stateMachineArn"]

    @pytest.fixture
    def workflows(self, stepfunctions: SFNClient, machine_arn: str) -> StepFunctionsWorkflows:
        """The adapter on that machine."""
        return StepFunctionsWorkflows(machine_arn=machine_arn, client=lambda: stepfunctions)

    @pytest.fixture
    def waiting_token(self, workflows: StepFunctionsWorkflows, sqs: SQSClient, queue_url: str) -> WaitingToken:
        """Start an execution and take the token that it sends."""

        def start() -> str:
            workflows.start("town-1_convoy-waiting", {"contract": 1})
            (message,) = sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=10)["Messages"]
            return str(json.loads(message["Body"])["token"])

        return start

    @pytest.fixture
    def silent(self, nowhere: str, one_try: Config) -> StepFunctionsWorkflows:
        """The adapter where nobody answers."""
        client = boto3.client("stepfunctions", endpoint_url=nowhere, config=one_try)
        return StepFunctionsWorkflows(
            machine_arn="arn:aws:states:us-east-1:1:stateMachine:convoy", client=lambda: client
        )

    def test_the_arn_that_follows_from_a_name_is_the_real_one(
        self, workflows: StepFunctionsWorkflows, stepfunctions: SFNClient
    ) -> None:
        """A repeated start answers without another request."""
        for _ in range(2):
            arn = workflows.start("town-1_convoy-arn", {"contract": 1})

        described = stepfunctions.describe_execution(executionArn=arn)
        assert (described["name"], json.loads(described["input"])) == ("town-1_convoy-arn", {"contract": 1})

    def test_an_answer_ends_the_execution_with_its_outcome(
        self, workflows: StepFunctionsWorkflows, stepfunctions: SFNClient, waiting_token: WaitingToken
    ) -> None:
        """The output is what was sent."""
        workflows.succeed(waiting_token(), {"outcome": "landed"})
        arn = workflows.start("town-1_convoy-waiting", {"contract": 1})

        assert json.loads(_ended(stepfunctions, arn, "SUCCEEDED")) == {"outcome": "landed"}

    def test_a_stopped_execution_is_aborted(self, workflows: StepFunctionsWorkflows, stepfunctions: SFNClient) -> None:
        """With the cause that was given."""
        arn = workflows.start("town-1_convoy-aborted", {})
        workflows.stop(arn, "closed by its owner")
        _ended(stepfunctions, arn, "ABORTED")

        assert stepfunctions.describe_execution(executionArn=arn)["cause"] == "closed by its owner"


@pytest.mark.parametrize("code", ["TaskDoesNotExist", "TaskTimedOut", "InvalidToken"])
def test_every_way_of_being_gone_is_gone(code: str) -> None:
    """Step Functions has three names for a token that nobody waits for."""
    client = boto3.client("stepfunctions")
    with Stubber(client) as stub:
        stub.add_client_error("send_task_success", code)
        assert StepFunctionsWorkflows(machine_arn="arn", client=lambda: client).succeed("token", {}) == "gone"


def test_other_refusals_are_unavailable() -> None:
    """They name the service's code."""
    client = boto3.client("stepfunctions")
    workflows, stub = StepFunctionsWorkflows(machine_arn="arn", client=lambda: client), Stubber(client)
    stub.add_client_error("start_execution", "StateMachineDoesNotExist", http_status_code=400)

    with stub, pytest.raises(Unavailable, match="StateMachineDoesNotExist"):
        workflows.start("name", {})


def _ended(stepfunctions: SFNClient, arn: str, status: str) -> str:
    """Wait until the execution has this status, and give its output."""
    deadline = time.monotonic() + SECONDS
    while (described := stepfunctions.describe_execution(executionArn=arn))["status"] != status:
        assert time.monotonic() < deadline, described["status"]
        time.sleep(0.05)
    return described.get("output", "")
