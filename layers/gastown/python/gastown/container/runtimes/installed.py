"""The runtimes of this image, put together from its settings."""

import sys
from collections.abc import Callable
from pathlib import Path

import gastown
from gastown.container.runtimes.choice import Runtimes
from gastown.container.runtimes.command import CommandRuntime
from gastown.container.runtimes.kilo import KiloRuntime
from gastown.container.runtimes.kilo_session import IdleLimits
from gastown.container.runtimes.serve_process import Program
from gastown.container.settings import ContainerSettings

SERVED = ("kilo", "opencode")
"""Agent programs that serve the same API; each is a runtime of its name."""


def build_runtimes(settings: ContainerSettings, draining: Callable[[], bool]) -> Runtimes:
    """Every runtime by its name. A program that is not installed is refused when a start asks for it."""
    tools = (sys.executable, "-P", "-m", "gastown.container.tools.mcp_server")
    limits = IdleLimits(usual=settings.idle_seconds, refinery=settings.refinery_idle_seconds)
    served = {
        name: KiloRuntime(
            program=Program(name=name, command=settings.serve_commands.get(name, (name,))),
            tools=tools,
            tools_path=str(Path(gastown.__file__).parent.parent),
            draining=draining,
            idle_limits=limits,
        )
        for name in SERVED
    }
    return Runtimes(known={"command": CommandRuntime(settings.agent_command), **served})
