"""Gates: the rig's own commands, run one after another in a tree, each with a time limit and without any credential."""

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gastown.container.outcomes import GateResult
from gastown.container.processes import Account, as_account, inherited, signal_group

TAIL = 4000
"""Bytes of output kept of a gate, from its end."""
TIMED_OUT = 124
"""The exit code of a gate that was killed at its limit."""


@dataclass(frozen=True, kw_only=True)
class Gates:
    """How gates run: as which account, in which HOME."""

    home: Path
    account: Account | None = None

    async def run(self, commands: Sequence[str], *, at: Path, limit: float) -> list[GateResult]:
        """Run the gates in order up to the first red one; `limit` seconds each."""
        results: list[GateResult] = []
        for command in commands:
            results.append(await self._run_one(command, at, limit))
            if results[-1].exit_code:
                break
        return results

    async def _run_one(self, command: str, at: Path, limit: float) -> GateResult:
        began = time.monotonic()
        child = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            command,
            cwd=at,
            env=self._environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            **as_account(self.account),
        )
        tail = bytearray()
        reading = asyncio.create_task(_keep_tail(child.stdout, tail))
        try:
            code = await asyncio.wait_for(child.wait(), limit)
        except TimeoutError:
            code = TIMED_OUT
            tail += f"\nkilled after {limit:g} s\n".encode()
        finally:
            # Whatever the gate left behind would hold the pipe open and the folder busy.
            signal_group(child, signal.SIGKILL)
            await child.wait()
            await reading
        output = bytes(tail[-TAIL:]).decode(errors="replace")
        return GateResult(command=command, exit_code=code, seconds=round(time.monotonic() - began, 3), output=output)

    def _environment(self) -> dict[str, str]:
        own = {"HOME": str(self.home), "CI": "1", "GIT_TERMINAL_PROMPT": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        return inherited(os.environ) | own


async def _keep_tail(stream: asyncio.StreamReader | None, tail: bytearray) -> None:
    while stream is not None and (chunk := await stream.read(8192)):
        tail += chunk
        del tail[: -2 * TAIL]
