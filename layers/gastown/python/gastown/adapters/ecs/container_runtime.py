"""A town's container as a Fargate task."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from gastown.adapters.aws.sdk import code_of
from gastown.adapters.ecs.client import ecs_client, translated
from gastown.ports.container_runtime import RuntimeRefused, TaskArn, TaskState, started_by
from gastown.settings import Settings

if TYPE_CHECKING:
    from types_boto3_ecs.client import ECSClient
    from types_boto3_ecs.type_defs import KeyValuePairTypeDef, RunTaskRequestTypeDef

CONTAINER: Final = "gastown"
"""The container's name in the task definition of `template.yaml`."""

REASON_LIMIT: Final = 255
TRANSIENT: Final = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException", "ServerException"})
ENDED: Final = frozenset({"DEPROVISIONING", "STOPPED", "DELETED"})


class EcsContainerRuntime:
    """`RunTask` with parameters that depend on town, generation and deployment only, so a retry never conflicts."""

    def __init__(self, *, settings: Settings, client: "Callable[[], ECSClient]" = ecs_client) -> None:
        """Keep where tasks run; the client is made on first use."""
        self._settings = settings
        self._client = client

    def run(self, town_id: str, generation: int, boot_code: str, client_token: str) -> TaskArn:
        """Ask for the task. A refusal is told apart from an answer that did not come."""
        request = self._request(town_id, generation, boot_code, client_token)
        with translated():
            try:
                answer = self._client().run_task(**request)
            except ClientError as error:
                if _is_transient(error):
                    raise
                raise RuntimeRefused(_cause(error)) from error
        tasks = answer.get("tasks", [])
        if tasks:
            return TaskArn(tasks[0]["taskArn"])
        reasons = {failure.get("reason", "unknown") for failure in answer.get("failures", [])}
        raise RuntimeRefused(", ".join(sorted(reasons)) or "no task and no reason")

    def stop(self, task_arn: str, reason: str) -> None:
        """Stop the task; ECS forgets stopped tasks after about an hour, and then it is stopped as well."""
        with translated():
            try:
                self._client().stop_task(cluster=self._settings.cluster, task=task_arn, reason=reason[:REASON_LIMIT])
            except ClientError as error:
                if not _is_missing_task(error):
                    raise

    def check(self, task_arn: str) -> TaskState:
        """Ask ECS for the task's last known status."""
        with translated():
            answer = self._client().describe_tasks(cluster=self._settings.cluster, tasks=[task_arn])
        for task in answer.get("tasks", []):
            return "stopped" if task.get("lastStatus") in ENDED else "running"
        missing = any(failure.get("reason") == "MISSING" for failure in answer.get("failures", []))
        return "stopped" if missing else "unknown"

    def find(self, started_by: str) -> Sequence[TaskArn]:
        """List the tasks that ECS wants to run with this mark; a town has one, so one page is enough."""
        with translated():
            answer = self._client().list_tasks(
                cluster=self._settings.cluster, startedBy=started_by, desiredStatus="RUNNING"
            )
        return [TaskArn(arn) for arn in answer.get("taskArns", [])]

    def running_count(self) -> int:
        """The cluster's own counts: one request, however many tasks there are."""
        with translated():
            answer = self._client().describe_clusters(clusters=[self._settings.cluster])
        clusters = answer.get("clusters", [])
        return sum(each.get("runningTasksCount", 0) + each.get("pendingTasksCount", 0) for each in clusters)

    def _request(self, town_id: str, generation: int, boot_code: str, client_token: str) -> "RunTaskRequestTypeDef":
        chosen = self._settings
        environment = {
            "GASTOWN_TOWN_ID": town_id,
            "GASTOWN_GENERATION": str(generation),
            "GASTOWN_BOOT_CODE": boot_code,
            "GASTOWN_API_URL": chosen.api_url,
        }
        pairs: list[KeyValuePairTypeDef] = [{"name": name, "value": value} for name, value in environment.items()]
        return {
            "cluster": chosen.cluster,
            "taskDefinition": chosen.task_definition,
            "launchType": "FARGATE",
            "count": 1,
            "clientToken": client_token,
            "startedBy": started_by(town_id, generation),
            "networkConfiguration": {
                "awsvpcConfiguration": {
                    "subnets": list(chosen.subnets),
                    "securityGroups": list(chosen.security_groups),
                    "assignPublicIp": "ENABLED" if chosen.assign_public_ip == "ENABLED" else "DISABLED",
                }
            },
            "overrides": {"containerOverrides": [{"name": CONTAINER, "environment": pairs}]},
        }


def _is_transient(error: ClientError) -> bool:
    """Refusals after which the same request may succeed, or may have succeeded."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code_of(error) in TRANSIENT or status >= 500  # noqa: PLR2004 - the HTTP meaning of 5xx


def _is_missing_task(error: ClientError) -> bool:
    text = str(error.response.get("Error", {}).get("Message", "")).lower()
    return code_of(error) == "InvalidParameterException" and "not found" in text


def _cause(error: ClientError) -> str:
    """The code and the service's own words, which name no secret."""
    return f"{code_of(error)}: {error.response.get('Error', {}).get('Message', '')}"[:REASON_LIMIT]
