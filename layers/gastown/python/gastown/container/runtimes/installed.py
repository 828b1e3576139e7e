"""The runtimes of this image, put together from its settings."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import gastown
from gastown.container.runtimes.choice import Runtimes
from gastown.container.runtimes.command import CommandRuntime
from gastown.container.runtimes.kilo import KiloRuntime
from gastown.container.runtimes.kilo_session import IdleLimits
from gastown.container.runtimes.presets import Preset, call_aider, call_claude, call_codex, call_gemini, call_opencode
from gastown.container.runtimes.serve_process import Program
from gastown.container.runtimes.session_keeper import SessionKeeper
from gastown.container.settings import ContainerSettings
from gastown.domain.runtime import SERVED, RuntimeName


def build_runtimes(settings: ContainerSettings, draining: Callable[[], bool], keeper: SessionKeeper) -> Runtimes:
    """Every runtime by its name. A program that is not installed is refused when a start asks for it."""
    tools = (sys.executable, "-P", "-m", "gastown.container.tools.mcp_server")
    tools_path = str(Path(gastown.__file__).parent.parent)
    limits = IdleLimits(usual=settings.idle_seconds, refinery=settings.refinery_idle_seconds)
    served = {
        str(name): KiloRuntime(
            program=Program(name=str(name), command=_command_of(settings, name)),
            tools=tools,
            tools_path=tools_path,
            draining=draining,
            keeper=keeper,
            idle_limits=limits,
        )
        for name in SERVED
    }
    called = {
        str(name): CommandRuntime(_command_of(settings, program), preset)
        for name, (program, preset) in _presets(tools, tools_path).items()
    }
    return Runtimes(known={str(RuntimeName.COMMAND): CommandRuntime(settings.agent_command), **served, **called})


def _command_of(settings: ContainerSettings, program: str) -> tuple[str, ...]:
    return settings.program_commands.get(program, (str(program),))


def _presets(tools: Sequence[str], tools_path: str) -> dict[RuntimeName, tuple[str, Preset]]:
    """Which program each preset calls, and how."""
    return {
        RuntimeName.CLAUDE: ("claude", call_claude),
        RuntimeName.CODEX: ("codex", call_codex),
        RuntimeName.GEMINI: ("gemini", call_gemini),
        RuntimeName.OPENCODE_RUN: ("opencode", partial(call_opencode, tools=tools, tools_path=tools_path)),
        RuntimeName.AIDER: ("aider", call_aider),
    }
