"""Runs the AWS emulator in this process, on 127.0.0.1 only, with three repairs.

The emulator (MiniStack, pinned) sweeps schedules every ten seconds, refuses `aws.*` events from outside and hides the
class of an exception that a function raised. Each repair is one function below, and `tests/integration` shows that it
holds. They lean on private names of the pinned version, which is why that version is pinned.
"""

import argparse
import asyncio
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.local.processes import has_ended
from infra.local.request_log import logged

HEALTH_PATH = "/_ministack/health"
SCHEDULE_SECONDS = 1
WARM_SECONDS = 600
WATCH_SECONDS = 1.0
LEAVING_SECONDS = 15.0
TRUSTED_SOURCES = frozenset({"aws.ecs"})
FAKE_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
}

Result = dict[str, Any]


def emulator_environment(port: int, state: Path, *, enforce_iam: bool = False) -> dict[str, str]:
    """Return the emulator's whole environment: functions inherit it, so nothing of the caller's leaks in."""
    temporary = state / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(state),
        "LANG": "C.UTF-8",
        "TMPDIR": str(temporary),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "STATE_DIR": str(state / "state"),
        "S3_DATA_DIR": str(state / "s3"),
        "LAMBDA_WARM_TTL_SECONDS": str(WARM_SECONDS),
        "LOG_LEVEL": "WARNING",
        **FAKE_CREDENTIALS,
    }
    return environment | {"AUTH": "true"} if enforce_iam else environment


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def raised_type(log: str) -> str | None:
    """Return the class name of the exception that ends the traceback in `log`, None when there is none."""
    _, found, traceback = log.rpartition("Traceback (most recent call last):")
    lines = [line for line in traceback.splitlines() if line and not line[0].isspace()] if found else []
    return lines[-1].partition(":")[0].strip().rpartition(".")[2] if lines else None


def with_true_error_type(execute: Callable[..., Result]) -> Callable[..., Result]:
    """Wrap the emulator's call of a function so that its answer names the class that was raised."""

    def executed(func: Result, event: Result, request_id: str) -> Result:
        result = execute(func, event, request_id)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict) and body.get("errorType") == "Runtime.HandlerError":
            body["errorType"] = raised_type(result.get("log", "")) or body["errorType"]
        return result

    return executed


def with_trusted_sources(put: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap the emulator's PutEvents so that the local ECS agent may speak as `aws.ecs`."""

    def put_events(data: Result, allow_aws_source: bool = False) -> Any:  # noqa: FBT001, FBT002 the emulator's own signature
        sources = {str(entry.get("Source")) for entry in data.get("Entries", [])}
        return put(data, allow_aws_source=allow_aws_source or (bool(sources) and sources <= TRUSTED_SOURCES))

    return put_events


def repair() -> None:
    """Apply the three repairs to the loaded emulator."""
    from ministack.services import eventbridge, lambda_svc, scheduler

    scheduler._SCHEDULE_TICK_INTERVAL = SCHEDULE_SECONDS
    eventbridge._put_events = with_trusted_sources(eventbridge._put_events)
    lambda_svc._execute_function_warm = with_true_error_type(lambda_svc._execute_function_warm)


def watch_owner(owner: int) -> None:
    """End this process soon after the process `owner` has ended, so that nothing outlives its test run."""

    def watch() -> None:
        while not has_ended(owner):
            time.sleep(WATCH_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(LEAVING_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def serve(port: int, requests: Path) -> None:
    """Serve the emulator on 127.0.0.1 until a signal ends it; its requests are counted in the file `requests`."""
    from hypercorn.asyncio import serve as serve_app
    from hypercorn.config import Config
    from ministack.app import app

    repair()
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    asyncio.run(serve_app(logged(app, requests), config))


def main(arguments: list[str] | None = None) -> int:
    """Start the emulator with a clean environment: replace this process by one that has nothing else."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.launcher", description=main.__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--owner", type=int, default=0, help="end when this process has ended")
    parser.add_argument("--enforce-iam", action="store_true")
    asked = parser.parse_args(arguments)
    clean = emulator_environment(asked.port, asked.state.resolve(), enforce_iam=asked.enforce_iam)
    if os.environ.get("GATEWAY_PORT") != clean["GATEWAY_PORT"] or set(os.environ) - set(clean) - {"LC_CTYPE"}:
        os.execve(sys.executable, [sys.executable, "-m", "infra.local.launcher", *(arguments or sys.argv[1:])], clean)  # noqa: S606 our own interpreter
    if asked.owner:
        watch_owner(asked.owner)
    serve(asked.port, asked.state.resolve() / "requests.jsonl")
    return 0


if __name__ == "__main__":
    sys.exit(main())
