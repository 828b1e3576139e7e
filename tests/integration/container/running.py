"""Runs `python -m gastown.container` as a child process against a stand-in door."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integration.container.door import BOOT_CODE, TOWN, Door

ROOT = Path(__file__).parents[3]
DEMO = f"{sys.executable} {ROOT / 'infra' / 'local' / 'demo_agent.py'}"
SLEEPER = "/bin/sh -c 'echo work > unsaved.txt; sleep 60'"


@dataclass(kw_only=True)
class Running:
    """The container's process and where its log goes."""

    process: subprocess.Popen[bytes]
    log: Path
    workspace: Path

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(30)

    def everything_written(self) -> str:
        """All text the container wrote that stays: its log, the agents' logs, and every git configuration."""
        files = [self.log, *self.workspace.glob("logs/*"), *self.workspace.rglob("config"), self.workspace / "mcp.json"]
        return "\n".join(file.read_text(errors="replace") for file in files if file.is_file())


@contextmanager
def run_container(door: Door, workspace: Path, *, command: str = DEMO, **more: str) -> Iterator[Running]:
    """A running container; it is killed at the end if it still runs."""
    with run_program(("gastown.container",), door, workspace, command=command, environment=more) as running:
        yield running


@contextmanager
def run_program(
    program: Sequence[str], door: Door, workspace: Path, *, command: str, environment: Mapping[str, str]
) -> Iterator[Running]:
    """A module that runs a container, with its arguments."""
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
    log = workspace.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", *program], env=whole, cwd=ROOT, stdout=output, stderr=output)
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
