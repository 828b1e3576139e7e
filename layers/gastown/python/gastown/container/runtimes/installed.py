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
from gastown.container.runtimes.session_keeper import SessionKeeper
from gastown.container.settings import ContainerSettings
from gastown.domain.runtime import SERVED


def build_runtimes(settings: ContainerSettings, draining: Callable[[], bool], keeper: SessionKeeper) -> Runtimes:
    """Every runtime by its name. A program that is not installed is refused when a start asks for it."""
    tools = (sys.executable, "-P", "-m", "gastown.container.tools.mcp_server")
    limits = IdleLimits(usual=settings.idle_seconds, refinery=settings.refinery_idle_seconds)
    served = {
        str(name): KiloRuntime(
            program=Program(name=str(name), command=settings.serve_commands.get(name, (str(name),))),
            tools=tools,
            tools_path=str(Path(gastown.__file__).parent.parent),
            draining=draining,
            keeper=keeper,
            idle_limits=limits,
        )
        for name in SERVED
    }
    return Runtimes(known={"command": CommandRuntime(settings.agent_command), **served})
