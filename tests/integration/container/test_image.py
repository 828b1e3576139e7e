"""The image as `make image` built it: what is in it, and that a town's container lives in it.

These tests build and pull nothing. `GASTOWN_TEST_IMAGE` names another image than `gastown-container:local`.
"""

import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.local.launcher import free_port
from tests.integration.container.door import BOOT_CODE, TOWN, Door
from tests.integration.container.remote import Bare, make_bare

IMAGE = os.environ.get("GASTOWN_TEST_IMAGE", "gastown-container:local")
DOCKER_SECONDS = 60


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a docker command, whatever its exit code."""
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=DOCKER_SECONDS)


@pytest.fixture(scope="module", autouse=True)
def image() -> str:
    """The image, or the reason why there is none to look at."""
    if sys.platform != "linux" or shutil.which("docker") is None:
        pytest.skip("a docker command on Linux is needed")
    if docker("version", "--format", "{{.Server.Version}}").returncode:
        pytest.skip("no Docker daemon answers")
    if docker("image", "inspect", IMAGE).returncode:
        pytest.skip(f"there is no image {IMAGE}; `make image` builds it")
    return IMAGE


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that other accounts may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def shared_bare(open_folder: Path) -> Bare:
    """A remote that everybody may push to."""
    made = make_bare(open_folder)
    for path in (made.path, *made.path.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    return made


@contextmanager
def run_image(image: str, door: Door, port: int, *more: str, command: str = "true") -> Iterator[str]:
    """Run a container of the image against a door on this machine; gives its name, removes it at the end."""
    name = f"gastown-test-{secrets.token_hex(4)}"
    settings = {
        "GASTOWN_API_URL": door.url,
        "GASTOWN_TOWN_ID": TOWN,
        "GASTOWN_GENERATION": "1",
        "GASTOWN_BOOT_CODE": BOOT_CODE,
        "GASTOWN_AGENT_COMMAND": command,
        "GASTOWN_CONTROL_PORT": str(port),
        "GASTOWN_HEARTBEAT_SECONDS": "0.3",
    }
    given = [part for key, value in settings.items() for part in ("--env", f"{key}={value}")]
    started = docker("run", "--detach", "--init", "--network", "host", "--name", name, *given, *more, image)
    assert started.returncode == 0, started.stderr
    try:
        yield name
    finally:
        docker("rm", "--force", name)


def inside(image: str, script: str, *, user: str = "root") -> subprocess.CompletedProcess[str]:
    """Run a shell script in a new container of the image, without network."""
    return docker(
        "run", "--rm", "--network", "none", "--user", user, "--entrypoint", "sh", image, "-c", f"set -e; {script}"
    )


def test_without_settings_it_says_what_is_missing(image: str) -> None:
    """It names the first variable that it lacks and ends with 2."""
    ended = docker("run", "--rm", "--network", "none", image)

    assert ended.returncode == 2, ended.stderr
    assert "GASTOWN_API_URL is not set" in ended.stdout + ended.stderr


def test_agents_find_their_tools(image: str) -> None:
    """The agents' account has git and gt, and may write neither the house nor the command."""
    ended = inside(
        image, "id -un; git --version; gt --help; ! test -w /opt/python; ! test -w /usr/local/bin/gt", user="agent"
    )

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("agent\ngit version ")
    assert "usage: gt" in ended.stdout


def test_agents_find_what_projects_are_built_with(image: str) -> None:
    """The whole image has compilers, the providers' command line and the agent program of the version it names."""
    dockerfile = Path(__file__).parents[3] / "infra" / "container" / "Dockerfile"
    [version] = re.findall(r"^ARG OPENCODE_VERSION=(.+)$", dockerfile.read_text(), re.MULTILINE)
    ended = inside(
        image, "cc --version; cmake --version; gh --version; git lfs version; opencode --version", user="agent"
    )

    if ended.returncode and "cc" in ended.stderr.splitlines()[0]:
        pytest.skip("this is the small image")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == version


def test_docker_asks_the_control_server_for_its_health(image: str) -> None:
    """The image brings a health check of its own, for whoever runs it without a task definition."""
    check = docker("inspect", "--format", "{{json .Config.Healthcheck.Test}}", image).stdout

    assert "/health" in check


def test_the_control_server_answers_the_health_check(image: str, door: Door) -> None:
    """The command of the task definition succeeds inside, and on SIGTERM the container ends properly, well in time."""
    port = free_port()
    with run_image(image, door, port) as name:
        door.await_(lambda: door.beats)
        health = docker("exec", name, "sh", "-c", f"curl -fsS http://127.0.0.1:{port}/health || exit 1")
        asked = time.monotonic()
        docker("stop", "--time", "30", name)
        took = time.monotonic() - asked
        code = docker("inspect", "--format", "{{.State.ExitCode}}", name).stdout.strip()

    assert '"status":"ok"' in health.stdout, health.stderr
    assert code == "0"
    assert took < 20


def test_agents_run_as_another_user_than_the_control_server(
    image: str, door: Door, shared_bare: Bare, open_folder: Path
) -> None:
    """The server is root; the agent is `agent`, pushes its work, and cannot read the server's environment."""
    script = (
        "id -un > who.txt; stat -c %U /proc/$PPID > whose.txt; cat /proc/$PPID/environ && exit 6; "
        "git add --all && git commit -q -m work && git push -q origin HEAD:refs/heads/gt/toast/1"
    )
    door.want(shared_bare.start("toast", 1))
    share = ("--volume", f"{open_folder}:{open_folder}")
    with run_image(image, door, free_port(), *share, command=f'/bin/sh -c "{script}"') as name:
        completed = door.call_of("/agents/toast/completed")
        log = docker("logs", name).stdout

    assert completed["status"] == "completed", (completed, log)
    assert shared_bare.show("gt/toast/1", "who.txt") == "agent"
    assert shared_bare.show("gt/toast/1", "whose.txt") == "root"
    assert BOOT_CODE not in log
