"""What the container asks of a runtime: start a session, watch it, end it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from gastown.container.processes import Account


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
    """One session to start; `environment` is all the child gets, `secrets` stay out of every report."""

    folder: Path
    prompt: str
    environment: Mapping[str, str] = field(repr=False)
    log: Path
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

    async def send(self, prompt: str) -> None:
        """Say something to it. Raises `RefusedError` when this runtime cannot."""

    def activity(self) -> Activity:
        """Its last sign of life."""


class Runtime(Protocol):
    """A way to run agents."""

    async def start(self, launch: Launch) -> Session:
        """Start a session. Raises `RefusedError` when it cannot be started at all."""
