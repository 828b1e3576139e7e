"""What lies outside a town: ECS, Step Functions and the function that removes towns, each with its own failures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gastown.domain.errors import NotFound, Unavailable
from gastown.ports.container_runtime import RuntimeRefused, TaskArn, TaskState, started_by
from gastown.ports.workflows import Answer
from gastown.usecases.follow_task import follow_execution, follow_task
from gastown.usecases.step_convoy import Step, step_convoy
from tests.simulation.container import FakeContainer

if TYPE_CHECKING:
    from tests.simulation.world import World


class Crash(BaseException):
    """The function dies here."""


class SimRuntime:
    """ECS: containers by task, started once for each client token."""

    def __init__(self, world: "World") -> None:
        """Nothing runs."""
        self.world = world
        self.tasks: dict[TaskArn, FakeContainer] = {}
        self._tokens: dict[str, TaskArn] = {}

    def run(self, town_id: str, generation: int, boot_code: str, client_token: str) -> TaskArn:
        """Start a container, or answer the one of this client token."""
        luck = self.world.luck
        self._away()
        if luck.strikes("crash before effect"):
            raise Crash
        if luck.strikes("task refused"):
            raise RuntimeRefused("capacity")
        if client_token not in self._tokens:
            arn = TaskArn(f"task/{town_id}/{generation}/{len(self.tasks)}")
            self._tokens[client_token] = arn
            self.tasks[arn] = FakeContainer(self.world, generation, arn, boot_code)
        if luck.strikes("crash after effect"):
            raise Crash
        return self._tokens[client_token]

    def stop(self, task_arn: str, reason: str) -> None:
        """Stop a task; it hears so and leaves."""
        self._away()
        task = self.tasks.get(TaskArn(task_arn))
        if task is not None and task.alive and not task.is_stopping:
            task.is_stopping = True
            luck = self.world.luck
            late = luck.between("slow stop", 60, 500) if luck.strikes("stops slowly") else luck.between("stop", 1, 30)
            self.world.after(late, f"{task.name} stops", lambda: task.leave(reason))

    def stop_by_itself(self, task: FakeContainer) -> None:
        """ECS takes a task away, and nobody in the town asked for it."""
        task.is_stopping = True
        task.leave("evicted")

    def check(self, task_arn: str) -> TaskState:
        """Whether a task runs; now and then a wrong answer."""
        self._away()
        task = self.tasks.get(TaskArn(task_arn))
        if task is None or not task.alive:
            return "stopped"
        return "stopped" if self.world.luck.strikes("task wrongly stopped") else "running"

    def find(self, started_by: str) -> Sequence[TaskArn]:
        """The running tasks with this mark."""
        self._away()
        return [
            arn for arn, task in self.tasks.items() if task.alive and not task.is_stopping and task.mark == started_by
        ]

    def running_count(self) -> int:
        """How many tasks run."""
        return sum(task.alive for task in self.tasks.values())

    def _away(self) -> None:
        if self.world.luck.strikes("task unavailable"):
            raise Unavailable("ECS does not answer")

    def has_stopped(self, task: FakeContainer, reason: str) -> None:
        """Tell the town, if the event is not lost."""
        luck, world = self.world.luck, self.world
        if luck.strikes("task event lost"):
            return
        late = luck.between("task event late", 30, 600) if luck.strikes("task event late") else 1.0
        detail = {
            "startedBy": started_by(world.town_id, task.generation),
            "lastStatus": "STOPPED",
            "taskArn": task.arn,
            "stoppedReason": reason,
        }
        world.after(late, f"ECS: {task.name} has stopped", lambda: follow_task(world.uow, f"ecs-{task.arn}", detail))


@dataclass(kw_only=True)
class Execution:
    """One execution of the convoys' state machine: where it waits, by token."""

    arn: str
    data: dict[str, Any]
    todo: list[str]
    tokens: dict[str, tuple[str, str | None]]
    status: str = "RUNNING"


class SimWorkflows:
    """Step Functions: executions that wait in the town for each of their steps."""

    def __init__(self, world: "World") -> None:
        """Nothing runs."""
        self.world = world
        self.executions: dict[str, Execution] = {}

    def start(self, name: str, data: Mapping[str, Any]) -> str:
        """Start the execution unless its name is known."""
        arn = f"arn:execution:{name}"
        if self.world.luck.strikes("crash before effect"):
            raise Crash
        if arn not in self.executions:
            steps = ["start"] if data["staged"] else []
            steps += ["beads", *(["landing"] if data["merge_mode"] == "review-then-land" else []), "close"]
            execution = Execution(arn=arn, data=dict(data), todo=steps, tokens={})
            self.executions[arn] = execution
            self._tell(execution)
            self._go_on(execution)
        if self.world.luck.strikes("crash after effect"):
            raise Crash
        return arn

    def succeed(self, token: str, output: Mapping[str, Any]) -> Answer:
        """Answer a waiting token; the execution goes on when all its waits are answered."""
        if self.world.luck.strikes("crash before effect"):
            raise Crash
        for execution in self.executions.values():
            if execution.status == "RUNNING" and token in execution.tokens:
                step, _ = execution.tokens.pop(token)
                if step == "start" and output["outcome"] == "closed":
                    execution.todo = ["close"]
                if not execution.tokens:
                    self._go_on(execution)
                return "answered"
        return "gone"

    def fail(self, token: str, error: str, cause: str) -> Answer:
        """No use case of a convoy answers with an error."""
        raise AssertionError(f"{token}: {error} {cause}")

    def stop(self, arn: str, cause: str) -> None:
        """Stop an execution that runs."""
        execution = self.executions.get(arn)
        if execution is not None and execution.status == "RUNNING":
            execution.status, execution.tokens = "ABORTED", {}
            self._tell(execution)

    def _go_on(self, execution: Execution) -> None:
        if not execution.todo:
            execution.status = "SUCCEEDED"
            return
        step = execution.todo.pop(0)
        if self.world.luck.strikes("execution fails"):
            execution.status = "FAILED"
            self._tell(execution)
            return
        if step != "beads":
            self._enter(execution, step, None)
            return
        beads = execution.data["beads"]
        for bead in beads:
            self._enter(execution, "bead", bead["id"])
        if not beads:
            self._go_on(execution)

    def _enter(self, execution: Execution, step: str, bead_id: str | None) -> None:
        token = f"token-{self.world.new()}"
        execution.tokens[token] = (step, bead_id)
        luck = self.world.luck
        late = luck.between("step late", 10, 600) if luck.strikes("step late") else luck.between("step", 0.1, 2)
        self.world.after(late, f"step {step} of {execution.arn[-12:]}", lambda: self._ask(execution, token))
        if luck.strikes("step again"):
            self.world.after(
                late + luck.between("step again later", 1, 900), "step again", lambda: self._again(execution, token)
            )

    def _again(self, execution: Execution, token: str) -> None:
        """The wait has timed out and is entered again, with a new token."""
        if token in execution.tokens and execution.status == "RUNNING":
            self._enter(execution, *execution.tokens.pop(token))

    def _ask(self, execution: Execution, token: str, entered_at: datetime | None = None) -> None:
        if execution.status != "RUNNING" or token not in execution.tokens:
            return
        name, bead_id = execution.tokens[token]
        step = Step(
            name=name, token=token, town_id=self.world.town_id, convoy_id=execution.data["convoy_id"], bead_id=bead_id,
            entered_at=entered_at or self.world.now(),
        )  # fmt: skip
        try:
            step_convoy(self.world.uow, self, step)
        except NotFound:
            execution.status = "FAILED"
        except Unavailable:
            self.world.after(2, "step again", lambda: self._ask(execution, token, step.entered_at))

    def _tell(self, execution: Execution) -> None:
        world, status = self.world, execution.status
        detail = {"input": None, "name": execution.arn.rsplit(":", maxsplit=1)[-1], "status": status,
                  "executionArn": execution.arn}  # fmt: skip
        event_id = f"{execution.arn}-{status}-{world.new()}"
        world.after(1, f"execution {status}", lambda: follow_execution(world.uow, event_id, detail))


class SimLifeCycle:
    """The function that removes a town; it may die half way, and the sweep finds the town."""

    def __init__(self, world: "World") -> None:
        """Nothing is under way."""
        self.world = world

    def advance(self, town_id: str) -> None:
        """Run the function soon."""
        self.world.after(self.world.luck.between("life cycle", 1, 20), "life cycle", self.world.remove_town)
