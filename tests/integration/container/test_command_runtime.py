"""The `command` runtime tells its listener what the agent's process says."""

import asyncio
import os
import sys
from pathlib import Path

from gastown.container.runtimes.command import CommandRuntime
from gastown.container.runtimes.runtime import AgentEvent, Launch


def test_each_line_of_output_is_one_event(tmp_path: Path) -> None:
    """In order, with the log beside it unchanged."""
    heard: list[AgentEvent] = []
    log = tmp_path / "agent.log"

    async def run() -> int:
        launch = Launch(
            folder=tmp_path,
            agent_id="toast",
            role="polecat",
            prompt="first\nsecond\n",
            environment={"PATH": os.environ["PATH"]},
            log=log,
            listener=heard.append,
        )
        session = await CommandRuntime([sys.executable, "-c", "print(input()); print(input(), end='')"]).start(launch)
        return (await session.wait()).code

    assert 0 == asyncio.run(run())
    assert [("output", {"text": "first"}), ("output", {"text": "second"})] == [(e.kind, dict(e.data)) for e in heard]
    assert "first\nsecond" == log.read_text()
