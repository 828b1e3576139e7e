"""Presets in a running container: a program of the right name is started with what the container's page documents."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gastown.container.git import numbered
from gastown.container.runtimes.presets import call_gemini
from gastown.container.runtimes.runtime import Launch
from tests.integration.container.door import Door
from tests.integration.container.remote import Bare
from tests.integration.container.running import ROOT, Running, run_container

PAGE = ROOT / "infra" / "container" / "README.md"
PROGRAMS = {"claude": "claude", "codex": "codex", "gemini": "gemini", "opencode-run": "opencode", "aider": "aider"}
ACTOR = f"""#!{sys.executable}
import json, os, pathlib, subprocess, sys
name = pathlib.Path(sys.argv[0]).name
heard = open("/dev/stdin").read()
asked = [dict(jsonrpc="2.0", id=1, method="initialize", params=dict(
    protocolVersion="2025-06-18", capabilities=dict(), clientInfo=dict(name=name, version="1")))]
asked += [dict(jsonrpc="2.0", method="notifications/initialized"), dict(jsonrpc="2.0", id=2, method="tools/list")]
tools = []
if name in ("claude", "codex", "gemini"):
    config = json.load(open(os.environ["GASTOWN_MCP_CONFIG"]))["mcpServers"]["gastown"]
    server = subprocess.Popen(["gt-mcp"] if name == "codex" else [config["command"]],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for message in asked:
        print(json.dumps(message), file=server.stdin, flush=True)
    while not tools:
        answer = json.loads(server.stdout.readline())
        tools = [tool["name"] for tool in answer.get("result", dict()).get("tools", [])]
    server.kill()
if name == "aider":
    pathlib.Path("toast.txt").write_text("made by aider\\n")
    pathlib.Path(".aider.tags.cache.v4").write_text("litter")
    subprocess.run(["git", "add", "toast.txt"], check=True)
    subprocess.run(["git", "commit", "--quiet", "--message", "Toast"], check=True)
status = subprocess.run(["git", "status", "--porcelain"], check=True, capture_output=True, text=True).stdout
seen = dict(status=status, words=sys.argv[1:], heard=heard, variables=dict(os.environ), tools=tools)
(pathlib.Path(__file__).parent / (name + ".json")).write_text(json.dumps(seen))
print(json.dumps(dict(type="text", part=dict(text="Toast is made."))))
"""


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with a stand-in of each program; each writes beside itself what it was given."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in set(PROGRAMS.values()):
        (folder / name).write_text(ACTOR)
        (folder / name).chmod(0o755)
    return folder


def run_all(door: Door, bare: Bare, programs: Path, workspace: Path, *runtimes: str) -> Running:
    """One polecat of each runtime, to its end."""
    door.prime = {name: {"hooked_bead": {"title": "Make toast", "body": f"For {name}."}} for name in runtimes}
    for name in runtimes:
        door.want(bare.start(name, 1, runtime=name, model="acme/big", small_model="acme/little"))
    path = f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    with run_container(door, workspace, PATH=path) as running:
        for name in runtimes:
            door.await_(lambda end=f"/agents/{name}/completed": [p for _, p, _ in door.heard if p.endswith(end)])
    return running


def documented(program: str, seen: dict[str, Any]) -> list[str]:
    """The page's command line for a program, with this session's values."""
    line = next(line for line in PAGE.read_text().splitlines() if line.startswith(f"{program} "))
    for name in ("HOME", "GASTOWN_MCP_CONFIG"):
        line = line.replace(f"${name}", seen["variables"][name])
    return shlex.split(line.replace("MODEL", "acme/big").replace("SMALL", "acme/little"))


def test_each_preset_starts_its_program_as_documented(door: Door, bare: Bare, programs: Path, tmp_path: Path) -> None:
    """The words come on standard input, the town's tools are there, and a run that ends well is a run completed."""
    running = run_all(door, bare, programs, tmp_path / "workspace", *PROGRAMS)

    for runtime, program in PROGRAMS.items():
        seen = json.loads((programs / f"{program}.json").read_text())
        given = [re.sub(r"env_vars=\[.*?\]", "env_vars=[NAMES]", word) for word in seen["words"]]
        assert documented(program, seen) == [program, *given]
        assert f"For {runtime}." in seen["heard"]
        assert f"You are {runtime.title()}" in seen["heard"]
        ended = door.call_of(f"/agents/{runtime}/completed")
        assert ("completed", "") == (ended["status"], ended["reason"] or ""), running.log.read_text()
        if program in ("claude", "codex", "gemini"):
            assert {"gt_done", "gt_prime"} <= set(seen["tools"])


def test_aiders_commits_are_pushed_and_reported(door: Door, bare: Bare, programs: Path, tmp_path: Path) -> None:
    """By the shell around it; its own files are none of the work."""
    run_all(door, bare, programs, tmp_path / "workspace", "aider")

    done = door.call_of("/agents/aider/done")
    assert ("gt/aider/1", bare.head("gt/aider/1")) == (done["branch"], done["head_sha"])
    assert "made by aider" == bare.show("gt/aider/1", "toast.txt")
    assert "" == json.loads((programs / "aider.json").read_text())["status"]


def test_an_aider_that_commits_nothing_has_failed(door: Door, bare: Bare, programs: Path, tmp_path: Path) -> None:
    """An empty review would be worth nothing; the town tries again, or asks a person."""
    (programs / "aider").write_text("#!/bin/sh\ncat > /dev/null\n")
    run_all(door, bare, programs, tmp_path / "workspace", "aider")

    ended = door.call_of("/agents/aider/completed")
    assert ("failed", "exit code 1: aider committed nothing") == (ended["status"], ended["reason"])
    assert bare.head("gt/aider/1") is None


def test_a_program_that_is_not_there_is_named(door: Door, bare: Bare, tmp_path: Path) -> None:
    """The town hears which one, and tries again later: the next image may have it."""
    door.want(bare.start("gemini", 1, runtime="gemini"))
    with run_container(door, tmp_path / "workspace", GASTOWN_GEMINI_COMMAND="/nowhere/gemini"):
        said = door.ack_of("start-gemini-1")

    assert ("refused", "infrastructure") == (said["outcome"], said["cause"])
    assert "gemini does not start" in said["error"]


def test_git_still_signs_in_where_gemini_empties_its_settings(tmp_path: Path) -> None:
    """Real git asks our helper although an empty one was appended to the numbered settings."""
    helper = tmp_path / "it's a helper"
    helper.write_text("#!/bin/sh\necho username=ann\necho password=fresh\n")
    helper.chmod(0o755)
    mine = numbered([("credential.helper", ""), ("credential.helper", "!" + shlex.quote(str(helper)))])
    launch = Launch(
        folder=tmp_path,
        agent_id="toast",
        role="polecat",
        environment={**mine, "GASTOWN_MCP_CONFIG": "/workspace/mcp.json"},
        log=tmp_path / "log",
    )
    said = call_gemini(["gemini"], launch).variables["GIT_CONFIG_PARAMETERS"]
    emptied = numbered([("credential.helper", ""), ("credential.helper", "!false"), ("credential.helper", "")])
    shell = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, **emptied}

    asked = subprocess.run(
        ["git", "credential", "fill"],
        cwd=tmp_path,
        env={**shell, "GIT_CONFIG_PARAMETERS": said, "GIT_TERMINAL_PROMPT": "0"},
        input="protocol=https\nhost=git.test\n\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "password=fresh" in asked.stdout
