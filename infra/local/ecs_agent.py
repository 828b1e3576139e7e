"""The ECS agent of the local stack: runs each task that the emulator calls RUNNING as a local process.

It asks the emulator twice a second which tasks there are. A new one becomes `python -m gastown.container` in a
group of its own; one whose process ended is stopped in the emulator; one that the emulator stopped gets SIGTERM, and
SIGKILL after the stop time-out. Either way the `ECS Task State Change` event is sent, as ECS would.

With `GASTOWN_LOCAL_IMAGE` each task is a Docker container of that image on the host's network instead; it sees the
folder `GASTOWN_LOCAL_SHARE`, where repositories are, and this repository, where the demo's agent is.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local import processes
from infra.local.deployment import aws_session, client_settings
from infra.local.launcher import free_port, watch_owner
from infra.local.template import HOUSE, ROOT

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import TaskTypeDef

POLL_SECONDS = 0.5
STOP_SECONDS = 120.0
LEAVING_SECONDS = 8.0
LOST_POLLS = 20
IMAGE, SHARE = "GASTOWN_LOCAL_IMAGE", "GASTOWN_LOCAL_SHARE"
HOSTS_OWN = frozenset({"GASTOWN_WORKSPACE", "GASTOWN_AGENT_USER", IMAGE, SHARE})
"""What the image decides itself, or what is none of its business."""
PASSED_ON = ("PATH", "LANG", "TMPDIR", "TERM")


@dataclass(kw_only=True)
class RunningTask:
    """A task with the process that runs it; `kill_at` is set once it was asked to stop (monotonic seconds)."""

    task_arn: str
    folder: Path
    process_id: int
    kill_at: float | None = None


@dataclass(kw_only=True)
class EcsAgent:
    """Keeps the processes of one cluster in step with what the emulator says."""

    endpoint: str
    cluster: str
    state: Path
    environment: Mapping[str, str]
    stop_seconds: float = STOP_SECONDS
    tasks: dict[str, RunningTask] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the clients once: each costs tens of milliseconds."""
        session = aws_session()
        self.ecs = session.client("ecs", endpoint_url=self.endpoint, config=client_settings())
        self.events = session.client("events", endpoint_url=self.endpoint, config=client_settings())

    def step(self) -> None:
        """Compare wish and reality once, and act on each difference."""
        wanted = set(self.ecs.list_tasks(cluster=self.cluster, desiredStatus="RUNNING")["taskArns"])
        for task_arn in sorted(wanted - self.tasks.keys()):
            self.start(task_arn)
        for task in list(self.tasks.values()):
            if processes.has_ended(task.process_id):
                self.finish(task)
            elif task.task_arn not in wanted:
                self.stop(task)

    def start(self, task_arn: str) -> None:
        """Run a task's process with the environment of its overrides."""
        overrides = overridden(self.describe(task_arn))
        folder = self.state / "tasks" / task_arn.rpartition("/")[2]
        (folder / "home").mkdir(parents=True, exist_ok=True)
        environment = {
            **self.environment,
            "HOME": str(folder / "home"),
            "PYTHONPATH": str(HOUSE),
            "GASTOWN_WORKSPACE": str(folder / "workspace"),
            "GASTOWN_CONTROL_PORT": str(free_port()),
            **overrides,
        }
        command = docker_run(environment, folder.name) or [sys.executable, "-m", "gastown.container"]
        process_id = processes.start(command, environment=environment, folder=folder, log=folder / "container.log")
        self.tasks[task_arn] = RunningTask(task_arn=task_arn, folder=folder, process_id=process_id)
        report(f"started {task_arn} as process {process_id}")

    def stop(self, task: RunningTask) -> None:
        """Ask a task's process to leave, and make it once its time is up."""
        now = time.monotonic()
        if task.kill_at is None:
            task.kill_at = now + self.stop_seconds
            os.kill(task.process_id, signal.SIGTERM)
        elif now > task.kill_at:
            processes.signal_group(task.process_id, signal.SIGKILL)

    def finish(self, task: RunningTask) -> None:
        """Tell the emulator and the event bus that a task's process ended, and end what it left behind."""
        code = processes.exit_code(task.process_id)
        processes.end(task.process_id, patience=0)
        processes.end_all_in(task.folder)
        self.remove_container(task)
        del self.tasks[task.task_arn]
        if task.kill_at is None:
            reason = "Essential container in task exited"
            self.ecs.stop_task(cluster=self.cluster, task=task.task_arn, reason=reason)
        described = self.describe(task.task_arn)
        detail = stopped_detail(described, exit_code=code, own=task.kill_at is None)
        self.events.put_events(
            Entries=[
                {
                    "Source": "aws.ecs",
                    "DetailType": "ECS Task State Change",
                    "Resources": [task.task_arn],
                    "Detail": json.dumps(detail),
                }
            ]
        )
        report(f"stopped {task.task_arn}, exit code {code}: {detail['stoppedReason']}")

    def describe(self, task_arn: str) -> "TaskTypeDef":
        """Return what the emulator knows about a task."""
        return self.ecs.describe_tasks(cluster=self.cluster, tasks=[task_arn])["tasks"][0]

    def leave(self) -> None:
        """End every process, kindly at first and all at the same time."""
        for task in self.tasks.values():
            processes.signal_group(task.process_id, signal.SIGTERM)
        deadline = time.monotonic() + LEAVING_SECONDS
        for task in self.tasks.values():
            processes.end(task.process_id, patience=max(0.0, deadline - time.monotonic()))
            processes.end_all_in(task.folder)
            self.remove_container(task)

    def remove_container(self, task: RunningTask) -> None:
        """Remove what Docker still runs of a task whose client was killed; nothing left is fine."""
        if self.environment.get(IMAGE):
            subprocess.run(
                ["docker", "rm", "--force", container_name(task.folder.name)], capture_output=True, check=False
            )


def container_name(task_id: str) -> str:
    """The name of a task's Docker container."""
    return f"gastown-{task_id}"


def docker_run(environment: Mapping[str, str], task_id: str) -> list[str]:
    """The command that runs a task as a Docker container, if an image is named; its values stay out of it."""
    if not environment.get(IMAGE):
        return []
    ours = sorted(name for name in environment if name.startswith("GASTOWN_") and name not in HOSTS_OWN)
    share = environment[SHARE]
    return [
        "docker", "run", "--rm", "--init", "--network", "host", "--name", container_name(task_id),
        "--volume", f"{ROOT}:{ROOT}:ro", "--volume", f"{share}:{share}",
        *(part for name in ours for part in ("--env", name)), environment[IMAGE],
    ]  # fmt: skip


def overridden(task: "TaskTypeDef") -> dict[str, str]:
    """Return the environment that RunTask asked for."""
    containers = task.get("overrides", {}).get("containerOverrides", [])
    return {pair["name"]: pair["value"] for one in containers for pair in one.get("environment", [])}


def stopped_detail(task: "TaskTypeDef", *, exit_code: int | None, own: bool) -> dict[str, Any]:
    """Return the event's detail, in the words of ECS; `own` says that the process ended by itself."""
    containers = [{"name": "gastown", "lastStatus": "STOPPED", "exitCode": 128 if exit_code is None else exit_code}]
    return {
        "taskArn": task["taskArn"],
        "clusterArn": task["clusterArn"],
        "taskDefinitionArn": task["taskDefinitionArn"],
        "startedBy": task.get("startedBy", ""),
        "group": task.get("group", ""),
        "launchType": "FARGATE",
        "desiredStatus": "STOPPED",
        "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited" if own else "UserInitiated",
        "stoppedReason": task.get("stoppedReason", ""),
        "overrides": {"containerOverrides": [{"name": "gastown"}]},
        "containers": containers,
    }


def container_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return what a container inherits: its settings (GASTOWN_*) and a few harmless names, `gt` first on the path."""
    kept = {name: value for name, value in given.items() if name in PASSED_ON or name.startswith("GASTOWN_")}
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', os.defpath)}"}


def report(line: str) -> None:
    """Write one line to the log of this process."""
    print(line, flush=True)


def run(agent: EcsAgent) -> None:
    """Step until a signal ends this process or the emulator is gone for good."""
    failures = 0
    try:
        while failures < LOST_POLLS:
            try:
                agent.step()
                failures = 0
            except (BotoCoreError, ClientError) as error:
                failures += 1
                report(f"the emulator did not answer: {error}")
            time.sleep(POLL_SECONDS)
    finally:
        agent.leave()


def leave_on_signal(_number: int, _frame: object) -> None:
    """Turn SIGTERM into an ordinary exit, so that processes are ended."""
    raise SystemExit(0)


def main(arguments: list[str] | None = None) -> int:
    """Run the ECS agent of one cluster."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.ecs_agent", description=main.__doc__)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--cluster", required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--owner", type=int, default=0, help="end when this process has ended")
    asked = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, leave_on_signal)
    signal.signal(signal.SIGINT, leave_on_signal)
    if asked.owner:
        watch_owner(asked.owner)
    environment = container_environment(os.environ)
    run(EcsAgent(endpoint=asked.endpoint, cluster=asked.cluster, state=asked.state.resolve(), environment=environment))
    return 0


if __name__ == "__main__":
    sys.exit(main())
