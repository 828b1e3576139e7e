"""The local ECS agent keeps processes and the emulator's tasks in step."""

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local import ecs_agent, processes
from infra.local.deployment import aws_session, client_settings
from infra.local.ecs_agent import EcsAgent, container_environment

CLUSTER = "town-tests"
WAIT_SECONDS = 10.0
STANDS = (
    "import signal, time; signal.signal(signal.SIGTERM, lambda *_: exit(0)); print('up', flush=True); time.sleep(60)"
)
LEAVES = "raise SystemExit(3)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


class World:
    """An agent on the emulator whose containers run a line of Python instead of the house; events are kept."""

    def __init__(self, endpoint: str, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make the cluster and its task definition, and listen to the agent's events."""
        self.agent = EcsAgent(
            endpoint=endpoint, cluster=CLUSTER, state=state, environment=container_environment({}), stop_seconds=0.5
        )
        self.ecs = aws_session().client("ecs", endpoint_url=endpoint, config=client_settings())
        self.ecs.create_cluster(clusterName=CLUSTER)
        self.ecs.register_task_definition(
            family="town", containerDefinitions=[{"name": "gastown", "image": "x", "memory": 1}]
        )
        self.events: list[dict[str, Any]] = []
        monkeypatch.setattr(self.agent.events, "put_events", self.keep)

    def keep(self, *, Entries: list[dict[str, Any]]) -> None:  # noqa: N803 the SDK's own name
        """Take the place of PutEvents."""
        self.events.extend(Entries)

    def run(self, line: str, monkeypatch: pytest.MonkeyPatch) -> str:
        """Ask for a task whose process runs `line`, and let the agent start it."""
        start = processes.start
        monkeypatch.setattr(processes, "start", lambda _command, **rest: start([sys.executable, "-c", line], **rest))
        overrides = {"containerOverrides": [{"name": "gastown", "environment": [{"name": "A", "value": "b"}]}]}
        task = self.ecs.run_task(cluster=CLUSTER, taskDefinition="town", overrides=overrides)["tasks"][0]  # type: ignore[arg-type]
        self.step_until(lambda: task["taskArn"] in self.agent.tasks)
        return str(task["taskArn"])

    def wait_for_output(self, task_arn: str) -> None:
        """Wait until the task's process has said that it is up."""
        log = self.agent.tasks[task_arn].folder / "container.log"
        assert processes.wait_until(lambda: "up" in log.read_text(), WAIT_SECONDS)

    def step_until(self, condition: Callable[[], bool]) -> None:
        """Let the agent work until a condition holds."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            assert time.monotonic() < deadline
            self.agent.step()
            time.sleep(0.05)


@pytest.fixture
def world(emulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world without tasks, in which nothing is left running afterwards."""
    made = World(emulator, tmp_path, monkeypatch)
    yield made
    made.agent.leave()
    for task_arn in made.ecs.list_tasks(cluster=CLUSTER)["taskArns"]:
        made.ecs.stop_task(cluster=CLUSTER, task=task_arn)


def test_a_process_that_ends_stops_its_task(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator learns it, and the event names the exit code."""
    task_arn = world.run(LEAVES, monkeypatch)
    world.step_until(lambda: not world.agent.tasks)
    task = world.ecs.describe_tasks(cluster=CLUSTER, tasks=[task_arn])["tasks"][0]

    assert task["lastStatus"] == "STOPPED"
    assert [event["Source"] for event in world.events] == ["aws.ecs"]
    assert '"exitCode": 3' in world.events[0]["Detail"]
    assert '"stopCode": "EssentialContainerExited"' in world.events[0]["Detail"]


def test_a_stopped_task_is_asked_to_leave(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM comes first, and what it saves is its own affair."""
    task_arn = world.run(STANDS, monkeypatch)
    world.wait_for_output(task_arn)
    world.ecs.stop_task(cluster=CLUSTER, task=task_arn, reason="drained")
    world.step_until(lambda: not world.agent.tasks)

    assert '"exitCode": 0' in world.events[0]["Detail"]
    assert '"stoppedReason": "drained"' in world.events[0]["Detail"]


def test_a_task_that_does_not_leave_is_killed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the stop time-out there is no more asking."""
    task_arn = world.run(DEAF, monkeypatch)
    world.wait_for_output(task_arn)
    world.ecs.stop_task(cluster=CLUSTER, task=task_arn, reason="superseded")
    world.step_until(lambda: not world.agent.tasks)

    assert '"exitCode": -9' in world.events[0]["Detail"]


def test_leaving_ends_every_process(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing outlives the local stack."""
    task_arn = world.run(STANDS, monkeypatch)
    world.wait_for_output(task_arn)
    process_id = world.agent.tasks[task_arn].process_id
    world.agent.leave()

    assert processes.has_ended(process_id)


def test_containers_inherit_settings_and_little_else() -> None:
    """The caller's credentials are not an agent's."""
    environment = container_environment({"GASTOWN_AGENT_COMMAND": "agent", "AWS_SECRET_ACCESS_KEY": "x", "HOME": "/me"})

    assert environment["GASTOWN_AGENT_COMMAND"] == "agent"
    assert {"AWS_SECRET_ACCESS_KEY", "HOME"}.isdisjoint(environment)


def test_a_task_is_a_docker_container_where_an_image_is_named() -> None:
    """It gets its settings by name, so that no value stands in a command line, and the image keeps its own accounts."""
    given = {
        "GASTOWN_LOCAL_IMAGE": "gastown:local",
        "GASTOWN_LOCAL_SHARE": "/repositories",
        "GASTOWN_BOOT_CODE": "secret-code",
        "GASTOWN_AGENT_USER": "me",
        "GASTOWN_WORKSPACE": "/mine",
        "PATH": "/bin",
    }

    command = ecs_agent.docker_run(given, "task-1")

    assert ["docker", "run", "gastown:local"] == [*command[:2], command[-1]]
    assert ["GASTOWN_BOOT_CODE"] == [after for flag, after in itertools.pairwise(command) if flag == "--env"]
    assert "secret-code" not in " ".join(command)
    assert ecs_agent.container_name("task-1") in command
    assert [] == ecs_agent.docker_run({}, "task-1")
