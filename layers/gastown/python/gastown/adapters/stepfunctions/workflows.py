"""Convoys as Standard executions of one state machine."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from gastown.adapters.aws.sdk import code_of
from gastown.adapters.stepfunctions.client import stepfunctions_client, translated
from gastown.ports.workflows import Answer

if TYPE_CHECKING:
    from types_boto3_stepfunctions.client import SFNClient

GONE: Final = frozenset({"TaskDoesNotExist", "TaskTimedOut", "InvalidToken"})
NOT_THERE: Final = frozenset({"ExecutionDoesNotExist", "ValidationException"})
ERROR_LIMIT: Final = 256
CAUSE_LIMIT: Final = 32_768


class StepFunctionsWorkflows:
    """Executions by name; their ARNs follow from the machine's ARN, so a start that is repeated knows its answer."""

    def __init__(self, *, machine_arn: str, client: "Callable[[], SFNClient]" = stepfunctions_client) -> None:
        """Keep which machine; the client is made on first use."""
        self._machine_arn = machine_arn
        self._client = client

    def start(self, name: str, data: Mapping[str, Any]) -> str:
        """Start it; a name that was ever used is taken as started."""
        with translated():
            try:
                answer = self._client().start_execution(
                    stateMachineArn=self._machine_arn, name=name, input=json.dumps(data)
                )
            except ClientError as error:
                if code_of(error) != "ExecutionAlreadyExists":
                    raise
                return self._arn(name)
        return answer["executionArn"]

    def succeed(self, token: str, output: Mapping[str, Any]) -> Answer:
        """Send the outcome to the wait that holds this token."""
        return _answered(lambda: self._client().send_task_success(taskToken=token, output=json.dumps(output)))

    def fail(self, token: str, error: str, cause: str) -> Answer:
        """Send an error to the wait that holds this token."""
        return _answered(
            lambda: self._client().send_task_failure(
                taskToken=token, error=error[:ERROR_LIMIT], cause=cause[:CAUSE_LIMIT]
            )
        )

    def stop(self, arn: str, cause: str) -> None:
        """Stop it; an execution that has ended stays as it is."""
        with translated():
            try:
                self._client().stop_execution(executionArn=arn, cause=cause[:CAUSE_LIMIT])
            except ClientError as error:
                if code_of(error) not in NOT_THERE:
                    raise

    def _arn(self, name: str) -> str:
        return f"{self._machine_arn.replace(':stateMachine:', ':execution:', 1)}:{name}"


def _answered(send: Callable[[], object]) -> Answer:
    with translated():
        try:
            send()
        except ClientError as error:
            if code_of(error) not in GONE:
                raise
            return "gone"
    return "answered"
