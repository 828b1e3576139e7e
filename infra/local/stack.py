"""The local stack as a whole: up, down, and a block in which it runs.

Each stack has its own port and its own folder `.local/<port>`, so several run side by side. The folder holds logs,
the tasks' workspaces, the processes' ids and `stack.json`: {api, live, endpoint, port, user_id, user_token, outputs}.
`.local/stack.json` is a copy of the last one that was put up.
"""

import json
import os
import signal
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.local import processes
from infra.local.deployment import STACK_NAME, deploy, sign_user_token
from infra.local.launcher import HEALTH_PATH, free_port
from infra.local.template import ROOT

DEFAULT_PORT = 4567
LOCAL = ROOT / ".local"
EMULATORS_OWN = ("tmp", "state", "s3")
USER_ID = "local-user"
EMULATOR_SECONDS = 30.0
READY_SECONDS = 60.0
AGENT_PATIENCE = 15.0
EMULATOR_PATIENCE = 1.0  # it has nothing to save, and waits for running executions when asked kindly


class StackFailed(Exception):
    """The local stack did not come up; the message says which part and ends with its log."""


Parameters = Mapping[str, str] | Callable[[str], Mapping[str, str]]
"""Template parameters; or what makes them at the emulator's endpoint before the deployment, as people do beforehand."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A running local stack: where it listens and who may ask."""

    port: int
    endpoint: str
    api: str
    live: str
    user_id: str
    user_token: str
    outputs: dict[str, str]


def folder_of(port: int) -> Path:
    """Return the folder of the stack on `port`."""
    return LOCAL / str(port)


def endpoint_of(port: int) -> str:
    """Return where the emulator on `port` answers."""
    return f"http://127.0.0.1:{port}"


def is_answering(url: str) -> bool:
    """Say whether a URL answers with a success."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 always http on 127.0.0.1
            return 200 <= int(answer.status) < 300  # noqa: PLR2004 the class of successes
    except (urllib.error.URLError, OSError):
        return False


def tail_of(log: Path) -> str:
    """Return the end of a log, empty if there is none."""
    return log.read_text(errors="replace")[-3000:] if log.exists() else ""


def start_emulator(port: int, *, owner: int, enforce_iam: bool) -> int:
    """Start the emulator and wait until it answers; return its process id. Raises `StackFailed`."""
    folder, endpoint = folder_of(port), endpoint_of(port)
    command = [sys.executable, "-m", "infra.local.launcher", "--port", str(port), "--state", str(folder)]
    command += ["--owner", str(owner)] if owner else []
    command += ["--enforce-iam"] if enforce_iam else []
    log = folder / "emulator.log"
    emulator = processes.start(command, environment=os.environ, folder=ROOT, log=log)
    record(port, {"emulator": emulator})
    alive = processes.wait_until(
        lambda: is_answering(endpoint + HEALTH_PATH) or processes.has_ended(emulator), EMULATOR_SECONDS
    )
    if not alive or processes.has_ended(emulator):
        raise StackFailed(f"the emulator did not start:\n{tail_of(log)}")
    return emulator


def start_ecs_agent(port: int, *, owner: int, environment: Mapping[str, str]) -> int:
    """Start the ECS agent, whose containers inherit the `GASTOWN_*` settings of `environment`; return its id."""
    folder = folder_of(port)
    command = [sys.executable, "-m", "infra.local.ecs_agent", "--endpoint", endpoint_of(port)]
    command += ["--cluster", STACK_NAME, "--state", str(folder), *(["--owner", str(owner)] if owner else [])]
    return processes.start(command, environment=environment, folder=ROOT, log=folder / "ecs-agent.log")


def record(port: int, ids: Mapping[str, int]) -> None:
    """Write down which processes belong to the stack on `port`, in the order of their start."""
    (folder_of(port) / "processes.json").write_text(json.dumps(dict(ids)))


def wait_until_served(api: str, port: int) -> None:
    """Wait until the people's door answers its health check. Raises `StackFailed` with the emulator's log."""
    if not processes.wait_until(lambda: is_answering(api + "/health"), READY_SECONDS, every=0.5):
        raise StackFailed(f"{api}/health did not answer:\n{tail_of(folder_of(port) / 'emulator.log')}")


def up(
    port: int = DEFAULT_PORT,
    *,
    owner: int = 0,
    environment: Mapping[str, str] | None = None,
    parameters: Parameters | None = None,
    enforce_iam: bool = False,
) -> Stack:
    """Put up a stack on `port` and return it; it ends with `down`, or with the process `owner`.

    `environment` adds to what containers inherit; `parameters` are template parameters. A failure ends what was
    started. Raises `StackFailed`, at once and changing nothing when the port is taken, and `DeploymentFailed`.
    """
    if is_answering(endpoint_of(port) + HEALTH_PATH):
        raise StackFailed(f"port {port} is taken: `make down PORT={port}`, or choose another PORT")
    folder = folder_of(port)
    down(port)
    processes.remove_folder(folder)
    folder.mkdir(parents=True)
    try:
        emulator = start_emulator(port, owner=owner, enforce_iam=enforce_iam)
        chosen = parameters(endpoint_of(port)) if callable(parameters) else parameters
        outputs = deploy(endpoint_of(port), parameters={"ClockFile": str(folder / "clock"), **(chosen or {})})
        agent = start_ecs_agent(port, owner=owner, environment={**os.environ, **(environment or {})})
        record(port, {"emulator": emulator, "ecs_agent": agent})
        wait_until_served(outputs["ApiUrl"], port)
        return publish(port, outputs)
    except BaseException:
        down(port)
        raise


def publish(port: int, outputs: dict[str, str]) -> Stack:
    """Describe the stack and write it to `stack.json`, readable by its owner only: it holds a token."""
    stack = Stack(
        port=port,
        endpoint=endpoint_of(port),
        api=outputs["ApiUrl"],
        live=outputs["LiveUrl"],
        user_id=USER_ID,
        user_token=sign_user_token(endpoint_of(port), outputs["UserSecretArn"], USER_ID),
        outputs=outputs,
    )
    for path in (folder_of(port) / "stack.json", LOCAL / "stack.json"):
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(stack), indent=2) + "\n")
    return stack


def down(port: int = DEFAULT_PORT) -> bool:
    """End every process of the stack on `port` and say whether there was one. Logs and workspaces stay."""
    folder = folder_of(port)
    listing = folder / "processes.json"
    ids: dict[str, int] = json.loads(listing.read_text()) if listing.exists() else {}
    for name, patience in (("ecs_agent", AGENT_PATIENCE), ("emulator", EMULATOR_PATIENCE)):
        if name in ids and processes.is_ours(ids[name]):
            processes.end(ids[name], patience=patience)
    left = processes.end_all_in(folder) if folder.is_dir() else []
    for path in (listing, folder / "stack.json"):
        path.unlink(missing_ok=True)
    for leftover in EMULATORS_OWN:
        processes.remove_folder(folder / leftover)
    last = LOCAL / "stack.json"
    if last.exists() and json.loads(last.read_text())["port"] == port:
        last.unlink()
    return bool(ids or left)


@contextmanager
def running_stack(
    port: int | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    parameters: Parameters | None = None,
    enforce_iam: bool = False,
) -> Iterator[Stack]:
    """Run a stack for the length of a block, on a free port unless one is given; it always ends with the block."""
    chosen = port or free_port()
    with exit_on_signal():
        stack = up(chosen, owner=os.getpid(), environment=environment, parameters=parameters, enforce_iam=enforce_iam)
        try:
            yield stack
        finally:
            down(chosen)


@contextmanager
def exit_on_signal() -> Iterator[None]:
    """Turn SIGTERM and SIGINT into exceptions for the length of a block, so that what was started is ended."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, _frame: object) -> None:
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
