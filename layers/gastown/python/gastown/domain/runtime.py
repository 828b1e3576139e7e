"""How an agent's sessions are run in the container: a setting of a town, a rig, a role."""

from enum import StrEnum


class RuntimeName(StrEnum):
    """The runtimes that a container knows."""

    COMMAND = "command"
    """The command line that the container was deployed with, once per session."""
    KILO = "kilo"
    OPENCODE = "opencode"
    """A server of this program per worktree, with sessions that go on."""


SERVED = (RuntimeName.KILO, RuntimeName.OPENCODE)
"""Agent programs that serve the same API; each is a runtime of its name."""
