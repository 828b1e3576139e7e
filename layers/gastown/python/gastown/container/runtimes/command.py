"""Runtimes of command-line agents: one process per session, its prompt on standard input.

`command` calls what the container was deployed with; a preset calls a program that it knows how to call.
"""

import asyncio
import contextlib
import signal
from asyncio.subprocess import Process
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from gastown.container.log import say
from gastown.container.masking import Veil, mask
from gastown.container.payloads import Cause, When
from gastown.container.processes import as_account, end_group, signal_group
from gastown.container.refusals import RefusedError
from gastown.container.runtimes.presets import Preset, as_configured
from gastown.container.runtimes.runtime import Activity, AgentEvent, Exit, Launch, Session
from gastown.container.runtimes.spoken import LINE_BYTES, OUTPUT, Reader, Said

LOG_BYTES = 5_000_000
"""A session's log is cut at this size; the one before it is kept."""
LAST_WORDS, LAST_LINES = 2000, 20
"""Characters, and lines, of output that explain a failure."""
PROMPT = "prompt"
"""The kind of the event that holds what people said; what the agent says has the kinds of `spoken`. Both in `text`."""


class Lines:
    """Cuts a stream of bytes into lines; a character or a secret that arrives in two pieces comes out whole."""

    def __init__(self, limit: int = LINE_BYTES) -> None:
        """Begin with an empty line; of longer ones than `limit` bytes the beginning counts."""
        self._line = bytearray()
        self._limit = limit

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
        self._line += piece[: max(self._limit - len(self._line), 0)]


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
    """Calls a program once per session."""

    def __init__(self, command: Sequence[str], preset: Preset = as_configured) -> None:
        """`command` is the command line, split into its words, that a preset makes complete."""
        self._command = tuple(command)
        self._preset = preset

    async def warm(self, launch: Launch) -> None:
        """Nothing can be ready: the process is the session."""
        del launch

    async def close(self) -> None:
        """Nothing runs between sessions."""

    async def start(self, launch: Launch) -> Session:
        """Start the command in the launch's folder. Raises `RefusedError` if there is no such command."""
        if not self._command:
            raise RefusedError(Cause.INFRASTRUCTURE, "GASTOWN_AGENT_COMMAND is not set")
        call = self._preset(self._command, launch)
        try:
            process = await asyncio.create_subprocess_exec(
                *call.command,
                cwd=launch.folder,
                env={**launch.environment, **call.variables},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                **as_account(launch.account),
            )
        except OSError as error:
            raise RefusedError(Cause.INFRASTRUCTURE, f"{call.program} does not start: {error.strerror}") from error
        return CommandSession(process=process, launch=launch, reader=call.reader())


class CommandSession:
    """One process with its group, its log and its last words."""

    def __init__(self, *, process: Process, launch: Launch, reader: Reader) -> None:
        """Begin to feed the prompt and to read the output."""
        self._process = process
        self._reader = reader
        # Not a copy: what is given to the run later is to be masked too.
        self._secrets = launch.secrets
        self._listener = launch.listener
        self._tail: deque[str] = deque(maxlen=LAST_LINES)
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
        words = mask("\n".join(self._tail), self._secrets)[-LAST_WORDS:]
        return Exit(code=code, reason="" if code == 0 else f"exit code {code}: {words}")

    async def stop(self, *, grace: float) -> None:
        """SIGTERM to the group, SIGKILL after `grace` seconds."""
        await end_group(self._process, grace=grace)

    async def send(self, prompt: str, *, when: When = When.NOW) -> None:
        """Not possible: a command-line agent's input ended with its prompt."""
        del prompt, when
        raise RefusedError(Cause.INVALID, "this runtime takes no messages while it runs")

    async def use_model(self, model: str, small_model: str | None) -> None:
        """Not possible: a command line is read once. The next session has the model."""
        del model, small_model
        raise RefusedError(Cause.INVALID, "this runtime keeps its model while it runs")

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
        stream, veil = self._process.stdout, Veil(self._secrets)
        lines = Lines(self._reader.line_bytes)
        with BoundedLog(path) as log:
            while stream is not None and (chunk := await stream.read(8192)):
                self._heard, self._heard_at = OUTPUT, datetime.now(UTC)
                log.try_write(veil.feed(chunk))
                self._read_lines(lines.feed(chunk))
            log.try_write(veil.end())
        self._read_lines(lines.end())
        self._tell(self._reader.end())

    def _read_lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._tell(self._reader.read(line))

    def _tell(self, what: Iterable[Said]) -> None:
        for said in what:
            self._tail.append(said.text)
            self._listener(AgentEvent(kind=said.kind, data={"text": said.text}, at=self._heard_at))
