"""A container runtime in memory: tasks run until somebody stops them."""

from collections.abc import Sequence
from dataclasses import dataclass

from gastown.domain.errors import GastownError
from gastown.ports.container_runtime import TaskArn, TaskState, started_by


@dataclass(kw_only=True)
class FakeTask:
    """One task as it was asked for."""

    arn: TaskArn
    town_id: str
    generation: int
    boot_code: str
    client_token: str
    state: TaskState = "running"
    reason: str | None = None


class MemoryContainerRuntime:
    """`tasks` by ARN, `calls` as (verb, argument) in order; `failure` is raised instead while it is set."""

    def __init__(self) -> None:
        """Start without tasks and willing."""
        self.tasks: dict[str, FakeTask] = {}
        self.calls: list[tuple[str, str]] = []
        self.failure: GastownError | None = None

    def run(self, town_id: str, generation: int, boot_code: str, client_token: str) -> TaskArn:
        """Start a task, or answer the one that this client token has started."""
        self._note("run", started_by(town_id, generation))
        for task in self.tasks.values():
            if task.client_token == client_token:
                return task.arn
        arn = TaskArn(f"arn:aws:ecs:us-east-1:000000000000:task/towns/{len(self.tasks) + 1:032x}")
        self.tasks[arn] = FakeTask(
            arn=arn, town_id=town_id, generation=generation, boot_code=boot_code, client_token=client_token
        )
        return arn

    def stop(self, task_arn: str, reason: str) -> None:
        """Stop a task, if it is there and runs."""
        self._note("stop", task_arn)
        task = self.tasks.get(task_arn)
        if task is not None and task.state != "stopped":
            task.state, task.reason = "stopped", reason

    def check(self, task_arn: str) -> TaskState:
        """The task's state; a task nobody knows is stopped."""
        self._note("check", task_arn)
        task = self.tasks.get(task_arn)
        return task.state if task is not None else "stopped"

    def find(self, started_by: str) -> Sequence[TaskArn]:
        """The running tasks with this mark."""
        self._note("find", started_by)
        return [task.arn for task in self._running() if _mark(task) == started_by]

    def running_count(self) -> int:
        """How many tasks run."""
        self._note("running_count", "")
        return len(self._running())

    def _running(self) -> list[FakeTask]:
        return [task for task in self.tasks.values() if task.state != "stopped"]

    def _note(self, verb: str, argument: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.calls.append((verb, argument))


def _mark(task: FakeTask) -> str:
    return started_by(task.town_id, task.generation)
