"""A bare AWS emulator on a free port for adapter tests, one for each test session (and each xdist worker)."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.local.launcher import FAKE_CREDENTIALS, HEALTH_PATH, free_port

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 30.0
STOP_SECONDS = 3.0


def wait_until_ready(endpoint: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the emulator answers; RuntimeError with its log when it ended or stayed silent."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(endpoint + HEALTH_PATH, timeout=1).close()  # noqa: S310 always http on 127.0.0.1
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
        else:
            return
    message = f"the emulator did not start:\n{log.read_text()[-4000:]}"
    raise RuntimeError(message)


@contextmanager
def bare_emulator(state: Path) -> Iterator[str]:
    """Run an emulator with its files in `state` and yield its endpoint; it ends with the block or this process."""
    port, log = free_port(), state / "emulator.log"
    command = [sys.executable, "-m", "infra.local.launcher", "--port", str(port), "--state", str(state)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--owner", str(os.getpid())], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:  # it waits for running executions when asked kindly
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint of a fresh emulator; AWS_ENDPOINT_URL, region and fake credentials point there meanwhile."""
    with pytest.MonkeyPatch.context() as patch, bare_emulator(tmp_path_factory.mktemp("emulator")) as endpoint:
        for name, value in {**FAKE_CREDENTIALS, "AWS_ENDPOINT_URL": endpoint}.items():
            patch.setenv(name, value)
        yield endpoint
