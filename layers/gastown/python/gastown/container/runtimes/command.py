"""The `command` runtime: any command-line agent, one process per session, its prompt on standard input."""

import asyncio
import contextlib
import signal
from asyncio.subprocess import Process
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from gastown.container.log import say
from gastown.container.masking import Veil, mask
from gastown.container.payloads import Cause, When
from gastown.container.processes import as_account, end_group, signal_group
from gastown.container.refusals import RefusedError
from gastown.container.runtimes.runtime import Activity, AgentEvent, Exit, Launch, Session

LOG_BYTES = 5_000_000
"""A session's log is cut at this size; the one before it is kept."""
LAST_WORDS = 2000
"""Bytes of output that explain a failure."""
PROMPT, OUTPUT = "prompt", "output"
"""The kinds of the events that this runtime tells: what people said, and each line of output, in `text`."""
LINE_BYTES = 16_384
"""What a line has beyond this is left out of its event; the log has it."""


class Lines:
    """Cuts a stream of bytes into lines; a character or a secret that arrives in two pieces comes out whole."""

    def __init__(self) -> None:
        """Begin with an empty line."""
        self._line = bytearray()

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The lines that this chunk completes, without blank ones."""
        *whole, rest = chunk.split(b"\n")
        for piece in whole:
            self._add(piece)
            yield from self.end()
        self._add(rest)

    def end(self) -> Iterator[str]:
        """The line begun so far, if there is anything in it."""
        text = self._line.decode(errors="replace").rstrip()
        self._line.clear()
        if text:
            yield text

    def _add(self, piece: bytes) -> None:
        self._line += piece[: max(LINE_BYTES - len(self._line), 0)]


class BoundedLog:
    """A log file that starts anew at its limit and keeps the part before under `.1.log`."""

    def __init__(self, path: Path) -> None:
        """Begin an empty log."""
        self._path = path
        self._file = path.open("wb")

    def __enter__(self) -> Self:
        """Nothing more to open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._file.close()

    def write(self, chunk: bytes) -> None:
        """Add output, at once visible to readers."""
        if self._file.tell() + len(chunk) > LOG_BYTES:
            self._file.close()
            self._path.replace(self._path.with_suffix(".1.log"))
            self._file = self._path.open("wb")
        self._file.write(chunk)
        self._file.flush()

    def try_write(self, chunk: bytes) -> None:
        """Add output; a full disk costs the log, not the agent, whose output must be read on."""
        try:
            self.write(chunk)
        except OSError as error:
            say("agent.log_not_written", error=str(error))


def words_of(launch: Launch) -> str:
    """All that a session hears on its standard input."""
    return "\n\n".join(text for text in (launch.history, launch.system, launch.prompt) if text)


class CommandRuntime:
    """Starts the configured command line once per session."""

    def __init__(self, command: Sequence[str]) -> None:
        """Keep the command line, split into its words."""
        self._command = tuple(command)

    async def warm(self, launch: Launch) -> None:
        """Nothing can be ready: the process is the session."""
        del launch

    async def close(self) -> None:
        """Nothing runs between sessions."""

    async def start(self, launch: Launch) -> Session:
        """Start the command in the launch's folder. Raises `RefusedError` if there is no such command."""
        if not self._command:
            raise RefusedError(Cause.INFRASTRUCTURE, "GASTOWN_AGENT_COMMAND is not set")
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=launch.folder,
                env=dict(launch.environment),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                **as_account(launch.account),
            )
        except OSError as error:
            raise RefusedError(Cause.INFRASTRUCTURE, f"the agent command does not start: {error.strerror}") from error
        return CommandSession(process=process, launch=launch)


class CommandSession:
    """One process with its group, its log and its last words."""

    def __init__(self, *, process: Process, launch: Launch) -> None:
        """Begin to feed the prompt and to read the output."""
        self._process = process
        # Not a copy: what is given to the run later is to be masked too.
        self._secrets = launch.secrets
        self._listener = launch.listener
        self._tail = bytearray()
        self._heard_at = datetime.now(UTC)
        self._heard = "started"
        if launch.said:
            self._listener(AgentEvent(kind=PROMPT, data={"text": launch.said}, at=self._heard_at))
        self._feeding = asyncio.create_task(self._feed(words_of(launch)))
        self._reading = asyncio.create_task(self._read(launch.log))

    async def wait(self) -> Exit:
        """Return when the process has ended; what it left running in its group is killed."""
        code = await self._process.wait()
        signal_group(self._process, signal.SIGKILL)
        self._feeding.cancel()
        await asyncio.wait({self._feeding, self._reading}, timeout=10)
        words = mask(bytes(self._tail).decode(errors="replace").strip(), self._secrets)
        lines = "\n".join(words.splitlines()[-20:])
        return Exit(code=code, reason="" if code == 0 else f"exit code {code}: {lines}")

    async def stop(self, *, grace: float) -> None:
        """SIGTERM to the group, SIGKILL after `grace` seconds."""
        await end_group(self._process, grace=grace)

    async def send(self, prompt: str, *, when: When = When.NOW) -> None:
        """Not possible: a command-line agent's input ended with its prompt."""
        del prompt, when
        raise RefusedError(Cause.INVALID, "the command runtime takes no messages while it runs")

    async def use_model(self, model: str, small_model: str | None) -> None:
        """Not possible: a command line is read once. The next session has the model."""
        del model, small_model
        raise RefusedError(Cause.INVALID, "the command runtime keeps its model while it runs")

    def activity(self) -> Activity:
        """When it last printed something."""
        return Activity(last_event_type=self._heard, last_event_at=self._heard_at)

    async def _feed(self, prompt: str) -> None:
        stdin = self._process.stdin
        if stdin is None:
            return
        # An agent may end or ignore its input before it has read all of it; its exit code tells.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            stdin.write(prompt.encode())
            await stdin.drain()
            stdin.close()
            await stdin.wait_closed()

    async def _read(self, path: Path) -> None:
        stream, lines, veil = self._process.stdout, Lines(), Veil(self._secrets)
        with BoundedLog(path) as log:
            while stream is not None and (chunk := await stream.read(8192)):
                self._heard, self._heard_at = OUTPUT, datetime.now(UTC)
                self._tail += chunk
                del self._tail[:-LAST_WORDS]
                log.try_write(veil.feed(chunk))
                self._tell(lines.feed(chunk))
            log.try_write(veil.end())
        self._tell(lines.end())

    def _tell(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._listener(AgentEvent(kind=OUTPUT, data={"text": line}, at=self._heard_at))
