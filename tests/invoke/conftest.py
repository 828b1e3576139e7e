"""Every door in Lambda's own runtime: built by `sam build`, called by `sam local invoke` with a recorded event.

There is no AWS behind them: the SDK's endpoint is a port of the function's own container on which nobody listens. So a
door shows that its code, its layers and its settings fit together, and what it says when nothing outside answers.
"""

import json
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.local.template import FUNCTION, LAYER, ROOT, functions_of, read_template
from tests.support.recorded import recorded

RUNTIMES = ("python3.13", "python3.12", "python3.11")
CPUS = {
    "x86_64": ("x86_64", "x86_64"),
    "amd64": ("x86_64", "x86_64"),
    "aarch64": ("arm64", "aarch64"),
    "arm64": ("arm64", "aarch64"),
}
"""For what `uname -m` says: Lambda's name of the architecture, and the wheels' name."""

NOBODY = "http://127.0.0.1:9"
BUILD_SECONDS, CALL_SECONDS, ASK_SECONDS = 600, 120, 30
PARAMETERS = {"Stage": "dev", "ContainerImage": "none", "SharedUserSecret": "true"}


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """What this machine runs functions on."""

    sam: str
    name: str
    architecture: str
    wheels: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one call came back with: the handler's answer, or the name of the error that it raised."""

    answer: Any
    error: str | None


def ran(*command: str, seconds: float, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; its output is text."""
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False, **more)


def find_runtime() -> Runtime:
    """What this machine can run functions on; skips, with the reason, where that is nothing."""
    sam, (architecture, wheels) = shutil.which("sam"), CPUS[platform.machine().lower()]
    if sam is None:
        pytest.skip("the SAM CLI is not installed")
    if shutil.which("docker") is None or ran("docker", "info", seconds=ASK_SECONDS).returncode != 0:
        pytest.skip("Docker's engine does not run here")
    for name in RUNTIMES:
        image = f"public.ecr.aws/lambda/python:{name.removeprefix('python')}-{architecture}"
        if ran("docker", "image", "inspect", image, seconds=ASK_SECONDS).returncode == 0:
            return Runtime(sam=sam, name=name, architecture=architecture, wheels=wheels)
    pytest.skip("none of Lambda's images is here: docker pull public.ecr.aws/lambda/python:3.13-" + architecture)


def invoked_template(runtime: Runtime) -> dict[str, Any]:
    """The template as it is deployed, for this machine's runtime, with nobody behind it."""
    template = read_template()
    shared = template["Globals"]["Function"]
    shared["Architectures"] = [runtime.architecture]
    shared["Environment"]["Variables"]["AWS_ENDPOINT_URL"] = NOBODY
    for thing in template["Resources"].values():
        uri = {FUNCTION: "CodeUri", LAYER: "ContentUri"}.get(thing["Type"])
        if uri is not None:
            thing["Properties"][uri] = str(ROOT / thing["Properties"][uri])
        if thing["Type"] == LAYER:
            thing["Properties"]["CompatibleArchitectures"] = [runtime.architecture]
    return template


class Lambda:
    """The built functions, called one at a time."""

    def __init__(self, runtime: Runtime, folder: Path) -> None:
        """Keep where they were built."""
        self._runtime, self._folder = runtime, folder
        self._names = {
            Path(function["Properties"]["CodeUri"]).name: name
            for name, function in functions_of(read_template()).items()
        }

    def build(self) -> None:
        """Build functions and layers for this machine's runtime."""
        (self._folder / "template.json").write_text(json.dumps(invoked_template(self._runtime)))
        wheels = {"LAYER_PYTHON": self._runtime.name.removeprefix("python"), "LAYER_CPU": self._runtime.wheels}
        self._sam("build", "--no-cached", "--build-dir", "build", seconds=BUILD_SECONDS, more=wheels)

    def call(self, name: str, values: dict[str, str]) -> Outcome:
        """Call the door of a recorded event with it."""
        event = self._folder / "event.json"
        event.write_text(json.dumps(recorded(name, values)))
        function = self._names[name.partition("/")[0]]
        answer = json.loads(
            self._sam("local", "invoke", function, "--event", str(event), "--skip-pull-image", seconds=CALL_SECONDS,
                      template="build/template.yaml").splitlines()[-1]
        )  # fmt: skip
        error = answer.get("errorType") if isinstance(answer, dict) else None
        return Outcome(answer=None if error else answer, error=error)

    def _sam(
        self, *words: str, seconds: float, template: str = "template.json", more: dict[str, str] | None = None
    ) -> str:
        parameters = [f"{key}={value}" for key, value in {**PARAMETERS, "Runtime": self._runtime.name}.items()]
        done = ran(
            self._runtime.sam, *words, "--template", template, "--parameter-overrides", *parameters,
            seconds=seconds, cwd=self._folder, env={**os.environ, "SAM_CLI_TELEMETRY": "0", **(more or {})},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout


@pytest.fixture(scope="session")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Lambda:
    """The functions of the template, built once; skipped with the reason where they cannot run."""
    built = Lambda(find_runtime(), tmp_path_factory.mktemp("invoke"))
    built.build()
    return built
