"""What the container's environment says, read once at start."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = ("kilo", "opencode", "claude", "codex", "gemini", "aider")
"""Agent programs that have a variable `GASTOWN_<NAME>_COMMAND`."""


class SettingsError(Exception):
    """The environment lacks something or holds a value that makes no sense; names the variable."""


@dataclass(frozen=True, kw_only=True)
class ContainerSettings:
    """One container's settings; the boot code is single-use and never shown."""

    api_url: str
    town_id: str
    generation: int
    boot_code: str = field(repr=False)
    agent_command: tuple[str, ...]
    workspace: Path
    control_port: int
    heartbeat_seconds: float
    agent_user: str | None
    program_commands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """How agent programs are called, where that is not simply their name."""
    idle_seconds: float = 120
    refinery_idle_seconds: float = 600
    """How long an idle session is kept (requirements, numbers)."""


def read_settings(environment: Mapping[str, str]) -> ContainerSettings:
    """Read the settings of the given environment. Raises `SettingsError`."""
    return ContainerSettings(
        api_url=_required(environment, "GASTOWN_API_URL").rstrip("/"),
        town_id=_required(environment, "GASTOWN_TOWN_ID"),
        generation=int(_number(environment, "GASTOWN_GENERATION", None)),
        boot_code=_required(environment, "GASTOWN_BOOT_CODE"),
        agent_command=tuple(shlex.split(environment.get("GASTOWN_AGENT_COMMAND", ""))),
        workspace=Path(environment.get("GASTOWN_WORKSPACE") or "/workspace").absolute(),
        control_port=int(_number(environment, "GASTOWN_CONTROL_PORT", 8080)),
        heartbeat_seconds=_number(environment, "GASTOWN_HEARTBEAT_SECONDS", 30),
        agent_user=environment.get("GASTOWN_AGENT_USER") or None,
        program_commands={
            name: tuple(shlex.split(text))
            for name in PROGRAMS
            if (text := environment.get(f"GASTOWN_{name.upper()}_COMMAND", "").strip())
        },
        idle_seconds=_number(environment, "GASTOWN_IDLE_SECONDS", 120),
        refinery_idle_seconds=_number(environment, "GASTOWN_REFINERY_IDLE_SECONDS", 600),
    )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "").strip()
    if not value:
        raise SettingsError(f"{name} is not set")
    return value


def _number(environment: Mapping[str, str], name: str, default: float | None) -> float:
    text = environment.get(name, "").strip()
    if not text and default is not None:
        return default
    try:
        return float(text)
    except ValueError as error:
        raise SettingsError(f"{name} is not a number: {text!r}") from error
