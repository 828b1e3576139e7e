"""How an agent's sessions are run in the container: a setting of a town, a rig, a role."""

from enum import StrEnum


class RuntimeName(StrEnum):
    """The runtimes that a container knows."""

    COMMAND = "command"
    """The command line that the container was deployed with, once per session."""
    KILO = "kilo"
    OPENCODE = "opencode"
    """A server of this program per worktree, with sessions that go on."""
    CLAUDE = "claude"
    CODEX = "codex"
    GEMINI = "gemini"
    OPENCODE_RUN = "opencode-run"
    AIDER = "aider"
    """A command line that the container knows by itself (a preset), once per session."""


SERVED = (RuntimeName.KILO, RuntimeName.OPENCODE)
"""Agent programs that serve the same API; each is a runtime of its name."""


def can_use_tools(runtime: RuntimeName) -> bool:
    """Whether its agents run commands: aider edits files, so it can write code and neither judge nor organise."""
    return runtime is not RuntimeName.AIDER
