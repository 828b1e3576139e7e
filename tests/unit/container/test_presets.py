"""How well-known agent programs are called: each preset's whole command line, from its launch alone."""

import json
import re
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gastown.container.payloads import ModelAccess
from gastown.container.refusals import RefusedError
from gastown.container.runtimes.presets import (
    AIDER,
    call_aider,
    call_claude,
    call_codex,
    call_gemini,
    call_opencode,
)
from gastown.container.runtimes.runtime import Launch

ENVIRONMENT = {
    "HOME": "/workspace/agents/toast",
    "PATH": "/workspace/bin:/usr/bin",
    "GASTOWN_MCP_CONFIG": "/workspace/mcp.json",
    "GASTOWN_BROKER_PASS": "pass-of-toast",
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "credential.helper",
    "GIT_CONFIG_VALUE_0": "",
    "GIT_CONFIG_KEY_1": "credential.helper",
    "GIT_CONFIG_VALUE_1": "!'/work space/git-credential-gastown'",
}


def a_launch(role: str = "polecat", **changes: Any) -> Launch:
    """One session of an agent."""
    known: dict[str, Any] = {
        "folder": Path("/workspace/tree"),
        "agent_id": "toast",
        "role": role,
        "environment": ENVIRONMENT,
        "log": Path("/workspace/logs/toast.log"),
        "prompt": "Make toast.",
        "model": "big",
        "small_model": "little",
    }
    return Launch(**{**known, **changes})


def test_claude_prints_events_and_has_the_towns_tools_alone() -> None:
    """No question, no other MCP server; a model only where the town names one."""
    call = call_claude(["claude"], a_launch())

    expected = "claude -p --dangerously-skip-permissions --output-format stream-json --verbose"
    expected += " --strict-mcp-config --mcp-config /workspace/mcp.json --model big"
    assert expected == " ".join(call.command)
    assert "--model" not in call_claude(["claude"], a_launch(model=None)).command
    assert "1" == call.variables["IS_SANDBOX"]


def test_claude_is_held_to_its_role() -> None:
    """Who reviews edits nothing and has git for reading; who organises edits nothing."""

    def denied(role: str) -> list[str]:
        line = call_claude(["claude"], a_launch(role)).command
        return line[line.index("--disallowedTools") + 1].split(",")

    assert {"Edit", "Write", "NotebookEdit"} == set(denied("mayor"))
    assert {"Edit", "Bash(git push:*)", "Bash(git commit:*)"} <= set(denied("refinery"))


def test_codex_finds_the_tools_and_every_variable_that_they_need() -> None:
    """Its settings are TOML; values of variables are never on the command line."""
    call = call_codex(["codex"], a_launch())

    *head, last = call.command
    expected = ["codex", "exec", "--dangerously-bypass-approvals-and-sandbox", "--skip-git-repo-check", "--json"]
    assert (expected, "-") == (head[:5], last)
    assert ["-m", "big"] == head[-2:]
    settings = tomllib.loads("\n".join(word for flag, word in pairwise(head) if flag == "-c"))
    assert (False, False) == (settings["allow_login_shell"], settings["check_for_update_on_startup"])
    server = settings["mcp_servers"]["gastown"]
    assert ("gt-mcp", sorted(ENVIRONMENT), True) == (server["command"], server["env_vars"], server["required"])
    assert "pass-of-toast" not in " ".join(call.command)


def test_gemini_has_the_tools_by_its_systems_settings() -> None:
    """They come before those of the repository; the words come on standard input, so there is no `-p`."""
    call = call_gemini(["gemini"], a_launch())

    expected = "gemini --approval-mode yolo --skip-trust -o stream-json -m big"
    assert expected == " ".join(call.command)
    assert "/workspace/mcp.json" == call.variables["GEMINI_CLI_SYSTEM_SETTINGS_PATH"]


def test_git_keeps_its_settings_in_geminis_shell() -> None:
    """That shell appends an empty helper to the numbered ones; what `-c` would say comes after it."""
    said = call_gemini(["gemini"], a_launch()).variables["GIT_CONFIG_PARAMETERS"]

    assert r"""'credential.helper'='!'\''/work space/git-credential-gastown'\'''""" in said
    assert re.match("'credential.helper'='' ", said)
    assert said.endswith("'gc.auto'='0'")


def test_opencode_run_is_configured_as_its_server_is() -> None:
    """The town's models and tools, the role's denials."""
    access = ModelAccess.model_validate({"token": "key", "url": "http://127.0.0.1:1/v1"})
    call = call_opencode(
        ["opencode"], a_launch("mayor", access=access), tools=["python", "-m", "tools"], tools_path="/opt/python"
    )

    assert ("opencode", "run", "--format", "json") == call.command
    configuration = json.loads(call.variables["OPENCODE_CONFIG_CONTENT"])
    assert ("gastown/big", "gastown/little") == (configuration["model"], configuration["small_model"])
    assert "deny" == configuration["permission"]["edit"]
    assert ["python", "-m", "tools"] == configuration["mcp"]["gastown"]["command"]
    with pytest.raises(RefusedError, match="needs a model"):
        call_opencode(["opencode"], a_launch(model=None), tools=[], tools_path="")


def test_aider_is_pushed_and_reported_by_a_shell() -> None:
    """Its notes lie in its HOME, it signs nothing, and asks nobody."""
    call = call_aider(["aider"], a_launch())

    assert ("/bin/sh", "-c", AIDER, "aider", "aider", "--message-file", "/dev/stdin") == call.command[:7]
    assert {"--yes-always", "--no-attribute-co-authored-by", "--no-gitignore"} <= set(call.command)
    expected = "--chat-history-file /workspace/agents/toast/.aider.chat.history.md"
    expected += " --input-history-file /workspace/agents/toast/.aider.input --model big --weak-model little"
    assert expected == " ".join(call.command[-8:])


@pytest.mark.parametrize("role", ["mayor", "refinery", "triage"])
def test_aider_writes_code_and_nothing_else(role: str) -> None:
    """It runs no commands, so it could neither judge nor organise."""
    with pytest.raises(RefusedError, match=f"cannot be a {role}"):
        call_aider(["aider"], a_launch(role))
