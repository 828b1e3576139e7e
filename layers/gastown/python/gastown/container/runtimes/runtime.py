"""What the container asks of a runtime: have it ready, start a session, watch it, speak to it, end it."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from gastown.container.payloads import ModelAccess, When
from gastown.container.processes import Account

MODEL = "GASTOWN_MODEL"
"""What tells an agent its model."""


async def nobody_waits(at: datetime) -> None:
    """Nobody asked to be told about ends of turns."""
    del at


@dataclass(frozen=True, kw_only=True)
class AgentEvent:
    """One thing that a session did: its kind in the runtime's own words, JSON about it, and when."""

    kind: str
    data: Mapping[str, object]
    at: datetime


Listener = Callable[[AgentEvent], None]
"""Hears every event of a session, on the event loop; it returns at once, never raises, and masks what it keeps."""


def unheard(event: AgentEvent) -> None:
    """The listener of a session that nobody watches."""
    del event


@dataclass(frozen=True, kw_only=True)
class Launch:
    """One session to start, or a server to have ready for it.

    `environment` is all the child gets, the same for a warm-up and the start that follows it; `secrets` stay out of
    every report.
    """

    folder: Path
    agent_id: str
    role: str
    environment: Mapping[str, str] = field(repr=False)
    log: Path
    system: str = ""
    """What holds for the whole session, whoever speaks."""
    prompt: str = ""
    """Its first words; without any, a session that can be spoken to waits for them."""
    said: str = ""
    """What of the prompt people said, where the rest is the platform's."""
    history: str = ""
    """What was said in earlier sessions, as a block; for a session that knows nothing of them."""
    model: str | None = None
    small_model: str | None = None
    access: ModelAccess | None = field(default=None, repr=False)
    resume: bool = False
    """Whether it goes on in the newest session that its folder knows."""
    turn_over: Callable[[datetime], Coroutine[Any, Any, None]] = field(default=nobody_waits, repr=False)
    """Told when a session that stays (the mayor's) has nothing more to do; never raises."""
    account: Account | None = None
    secrets: Sequence[str] = field(default=(), repr=False)
    listener: Listener = field(default=unheard, repr=False)


@dataclass(frozen=True, kw_only=True)
class Exit:
    """How a session ended; `reason` is its last words when it failed."""

    code: int
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Activity:
    """The last sign of life of a session."""

    last_event_type: str
    last_event_at: datetime
    active_tools: tuple[str, ...] = ()


class Session(Protocol):
    """One running agent."""

    async def wait(self) -> Exit:
        """Return when the session has ended."""

    async def stop(self, *, grace: float) -> None:
        """End it: politely first, by force after `grace` seconds."""

    async def send(self, prompt: str, *, when: When = When.NOW) -> None:
        """Say something to it; returns when it was taken. Raises `RefusedError` when this runtime cannot."""

    async def use_model(self, model: str, small_model: str | None) -> None:
        """Go on with other models; on a failure it goes on with the old ones. Raises `RefusedError`."""

    def activity(self) -> Activity:
        """Its last sign of life."""


class Runtime(Protocol):
    """A way to run agents."""

    async def warm(self, launch: Launch) -> None:
        """Have ready what a start in `launch.folder` needs, without a session; harmless when it is ready.

        A later start with equal configuration and environment uses it, another one replaces it (REQ-1.15). Raises
        `RefusedError` when it cannot be had.
        """

    async def start(self, launch: Launch) -> Session:
        """Start a session. Raises `RefusedError` when it cannot be started at all."""

    async def close(self) -> None:
        """The container ends: end what runs between sessions."""
