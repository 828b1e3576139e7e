"""How well-known agent programs are called: nobody is at hand, everything is allowed, the words come on standard input.

What each needs of its town and its image is written down in `infra/container/README.md`. All flags were tried with the
versions that stand there.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gastown.container.payloads import Cause
from gastown.container.refusals import RefusedError
from gastown.container.runtimes.configuration import CHANGING_GIT, variables_for
from gastown.container.runtimes.runtime import Launch
from gastown.container.runtimes.spoken import JsonLines, Printed, Reader, of_claude, of_codex, of_gemini, of_opencode

TOOLS_SERVER, MCP_CONFIG = "gt-mcp", "GASTOWN_MCP_CONFIG"
"""The agents' tools: the command of their server, and the variable that names its description."""
TOOLS_SECONDS = 60
"""Until the server has to be there; a busy container takes a few."""

AIDER = """\
exclude=$(git rev-parse --git-path info/exclude) && mkdir -p "${exclude%/*}" || exit
grep -qs '^\\.aider' "$exclude" || echo '.aider*' >> "$exclude" || exit
"$@" || exit
git merge-base --is-ancestor HEAD "origin/$GASTOWN_TARGET_BRANCH" && echo 'aider committed nothing' && exit 1
git push --quiet origin HEAD && gt done --summary 'Done by aider; its commits say more.'
"""
"""What aider leaves to people: it neither pushes nor reports, and its notes are no work."""
AIDER_FLAGS = (
    *("--message-file", "/dev/stdin", "--yes-always", "--no-suggest-shell-commands", "--no-detect-urls"),
    *("--no-pretty", "--no-fancy-input", "--no-stream", "--no-show-model-warnings", "--no-show-release-notes"),
    *("--no-check-update", "--analytics-disable", "--disable-playwright", "--no-gitignore"),
    *("--no-attribute-author", "--no-attribute-committer", "--no-attribute-co-authored-by"),
)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One session's command line, the variables that it has beside its launch's, and who reads its output."""

    program: str
    command: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    reader: Callable[[], Reader] = Printed


Preset = Callable[[Sequence[str], Launch], Call]
"""Makes a program's command line complete for one launch. May raise `RefusedError` (invalid)."""


def as_configured(command: Sequence[str], launch: Launch) -> Call:
    """The command line that the container was deployed with, as it is."""
    del launch
    return Call(program="the agent command", command=tuple(command))


def call_claude(command: Sequence[str], launch: Launch) -> Call:
    """Claude Code; `IS_SANDBOX` lets it do without questions also where the container has one account only."""
    denied = _denied_to_claude(launch.role)
    flags = (
        *("-p", "--dangerously-skip-permissions", "--output-format", "stream-json", "--verbose"),
        *("--strict-mcp-config", "--mcp-config", launch.environment[MCP_CONFIG]),
        *(("--disallowedTools", ",".join(denied)) if denied else ()),
        *_model("--model", launch.model),
    )
    variables = {"IS_SANDBOX": "1", "DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
    return Call(program="claude", command=(*command, *flags), variables=variables, reader=partial(JsonLines, of_claude))


def call_codex(command: Sequence[str], launch: Launch) -> Call:
    """Codex. It gives its tools' servers the variables that are named, and a login shell would lose our programs."""
    server = (
        f"{{command={json.dumps(TOOLS_SERVER)},env_vars={json.dumps(sorted(launch.environment))},"
        f"required=true,startup_timeout_sec={TOOLS_SECONDS}}}"
    )
    settings = (f"mcp_servers.gastown={server}", "allow_login_shell=false", "check_for_update_on_startup=false")
    flags = (
        *("exec", "--dangerously-bypass-approvals-and-sandbox", "--skip-git-repo-check", "--json"),
        *(word for setting in settings for word in ("-c", setting)),
        *_model("-m", launch.model),
    )
    return Call(program="codex", command=(*command, *flags, "-"), reader=partial(JsonLines, of_codex))


def call_gemini(command: Sequence[str], launch: Launch) -> Call:
    """Gemini CLI. Its shell empties git's settings, but for those that are said as git's own `-c` says them."""
    flags = ("--approval-mode", "yolo", "--skip-trust", "-o", "stream-json", *_model("-m", launch.model))
    variables = {
        "GEMINI_CLI_SYSTEM_SETTINGS_PATH": launch.environment[MCP_CONFIG],
        "GIT_CONFIG_PARAMETERS": _git_parameters(launch.environment),
    }
    return Call(program="gemini", command=(*command, *flags), variables=variables, reader=partial(JsonLines, of_gemini))


def call_opencode(command: Sequence[str], launch: Launch, *, tools: Sequence[str], tools_path: str) -> Call:
    """`opencode run`, configured as `opencode serve` is. Raises `RefusedError` (invalid) without a model."""
    variables = variables_for(launch, tools=tools, tools_path=tools_path)
    flags = ("run", "--format", "json")
    return Call(
        program="opencode", command=(*command, *flags), variables=variables, reader=partial(JsonLines, of_opencode)
    )


def call_aider(command: Sequence[str], launch: Launch) -> Call:
    """Aider. It runs no commands, so a shell pushes and reports what it committed; for polecats alone."""
    if launch.role != "polecat":
        raise RefusedError(Cause.INVALID, f"aider runs no commands: it cannot be a {launch.role}")
    home = Path(launch.environment["HOME"])
    notes = ("--chat-history-file", f"{home}/.aider.chat.history.md", "--input-history-file", f"{home}/.aider.input")
    models = (*_model("--model", launch.model), *_model("--weak-model", launch.small_model))
    line = ("/bin/sh", "-c", AIDER, "aider", *command, *AIDER_FLAGS, *notes, *models)
    return Call(program="aider", command=line)


def _model(flag: str, model: str | None) -> tuple[str, ...]:
    return (flag, model) if model else ()


def _denied_to_claude(role: str) -> tuple[str, ...]:
    """Its tools that a role may not use; it asks nobody, and keeps to this all the same."""
    if role == "polecat":
        return ()
    git = tuple(f"Bash(git {verb}:*)" for verb in CHANGING_GIT) if role == "refinery" else ()
    return ("Edit", "Write", "NotebookEdit", *git)


def _git_parameters(environment: Mapping[str, str]) -> str:
    """The settings that git finds under numbers, in the form that its `-c` hands on; no collection of garbage."""
    numbers = range(int(environment.get("GIT_CONFIG_COUNT", "0")))
    pairs = [(environment[f"GIT_CONFIG_KEY_{n}"], environment[f"GIT_CONFIG_VALUE_{n}"]) for n in numbers]
    return " ".join(f"{_quote(key)}={_quote(value)}" for key, value in (*pairs, ("gc.auto", "0")))


def _quote(text: str) -> str:
    """As git quotes; a shell's other ways to quote are none of git's."""
    return "'" + text.replace("'", "'\\''") + "'"
