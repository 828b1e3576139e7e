"""The real agent programs that tests drive: where they are, and how they are kept to 127.0.0.1.

`make agents` installs opencode. Whoever has a `kilo` names it in `GASTOWN_TEST_KILO`, and some tests drive that too.
"""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OPENCODE = ROOT / ".agents" / "node_modules" / ".bin" / "opencode"
KILO = os.environ.get("GASTOWN_TEST_KILO", "")
NOWHERE = "http://127.0.0.1:9"
"""A proxy that nobody serves: what the program would fetch from elsewhere is refused at once."""

needs_opencode = pytest.mark.skipif(
    not OPENCODE.exists(), reason="the agent program is not installed: `make agents` (needs npm)"
)
needs_kilo = pytest.mark.skipif(
    not KILO, reason="no kilo is named: `npm i @kilocode/cli@7.7.7`, then GASTOWN_TEST_KILO=.../node_modules/.bin/kilo"
)
KILO_ALONE = [pytest.param("kilo", marks=needs_kilo)]
"""For what a story shows of opencode: each start of it takes seconds of processor time."""
SERVED = [pytest.param("opencode", marks=needs_opencode), *KILO_ALONE]
"""The programs that serve sessions, as parameters of a test: each is skipped where it is not there."""


def proxies_to(proxy: str) -> dict[str, str]:
    """Variables with which a program asks this proxy for all that is not on this host."""
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy)
    return {**proxies, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}


def agent_commands() -> dict[str, str]:
    """What a container is told so that it finds the programs."""
    return {"GASTOWN_OPENCODE_COMMAND": str(OPENCODE)} | ({"GASTOWN_KILO_COMMAND": KILO} if KILO else {})


def agent_environment(proxy: str = NOWHERE) -> dict[str, str]:
    """What a container is told so that it finds the programs, and they nothing but this host."""
    return {**agent_commands(), **proxies_to(proxy)}
