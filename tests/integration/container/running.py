"""Runs a container as a child process against a stand-in door.

Most of such a process's short life is its imports. So it is forked from a server that has them behind it, with an
environment, a folder and a log of its own; `fresh` starts `python -m` instead, for whoever looks at what a program is
started with.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol

from tests.integration.container.door import BOOT_CODE, TOWN, Door

ROOT = Path(__file__).parents[3]
DEMO = f"{sys.executable} {ROOT / 'infra' / 'local' / 'demo_agent.py'}"
SLEEPER = "/bin/sh -c 'echo work > unsaved.txt; sleep 60'"


CONTAINER = "gastown.container.__main__"
FORKS = get_context("forkserver")
FORKS.set_forkserver_preload([CONTAINER, "tests.support.deadly_container"])


class Child(Protocol):
    """What tests do with a process, as `subprocess` names it."""

    pid: int

    def poll(self) -> int | None:
        """The exit code, or none while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """The exit code; raises `subprocess.TimeoutExpired`."""

    def send_signal(self, sig: int) -> None:
        """Let the process have a signal."""

    def terminate(self) -> None:
        """Ask it to leave."""

    def kill(self) -> None:
        """End it."""


class Forked:
    """A process of the fork server, as a `Child`."""

    def __init__(self, module: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """Let it begin."""
        self._process = FORKS.Process(target=_become, args=(module, list(arguments), dict(environment), str(log)))
        self._process.start()
        self.pid = self._process.pid or 0

    def poll(self) -> int | None:
        """The exit code, or none while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code; raises `subprocess.TimeoutExpired`."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return self._process.exitcode

    def send_signal(self, sig: int) -> None:
        """Let the process have a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        """Ask it to leave."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def _become(module: str, arguments: Sequence[str], environment: Mapping[str, str], log: str) -> None:
    """Be the program from here on."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [module, *arguments]
    sys.exit(importlib.import_module(module).main())


def fresh(module: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Child:
    """A process of its own from the first instruction on."""
    with log.open("wb") as output:
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=output, stderr=output)


@dataclass(kw_only=True)
class Running:
    """The container's process and where its log goes."""

    process: Child
    log: Path
    workspace: Path

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(30)

    def said(self, *names: str) -> list[dict[str, Any]]:
        """The container's records of these names in their order; lines of others' are left out."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["msg"] in names]

    def everything_written(self) -> str:
        """All text the container wrote that stays: its log, the agents' logs, and every git configuration."""
        files = [self.log, *self.workspace.glob("logs/*"), *self.workspace.rglob("config"), self.workspace / "mcp.json"]
        return "\n".join(file.read_text(errors="replace") for file in files if file.is_file())


@contextmanager
def run_container(door: Door, workspace: Path, *, command: str = DEMO, **more: str) -> Iterator[Running]:
    """A running container; it is killed at the end if it still runs."""
    with run_program((CONTAINER,), door, workspace, command=command, environment=more) as running:
        yield running


@contextmanager
def run_fresh_container(door: Door, workspace: Path, *, command: str = DEMO, **more: str) -> Iterator[Running]:
    """A container that was started as its image starts it, so that /proc tells of it what it tells there."""
    with run_program((CONTAINER,), door, workspace, command=command, environment=more, begin=fresh) as running:
        yield running


@contextmanager
def run_program(
    program: Sequence[str],
    door: Door,
    workspace: Path,
    *,
    command: str,
    environment: Mapping[str, str],
    begin: Callable[[str, Sequence[str], Mapping[str, str], Path], Child] = Forked,
) -> Iterator[Running]:
    """A module whose `main` runs a container, with its arguments."""
    whole = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "GASTOWN_API_URL": door.url,
        "GASTOWN_TOWN_ID": TOWN,
        "GASTOWN_GENERATION": "1",
        "GASTOWN_BOOT_CODE": BOOT_CODE,
        "GASTOWN_AGENT_COMMAND": command,
        "GASTOWN_WORKSPACE": str(workspace),
        "GASTOWN_CONTROL_PORT": "0",
        "GASTOWN_HEARTBEAT_SECONDS": "0.3",
        **environment,
    }
    module, *arguments = program
    log = workspace.with_suffix(".log")
    process = begin(module, arguments, whole, log)
    running = Running(process=process, log=log, workspace=workspace)
    try:
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
