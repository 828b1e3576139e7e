"""The real agent program that tests drive: where `make agents` puts it, and how it is kept to 127.0.0.1."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OPENCODE = ROOT / ".agents" / "node_modules" / ".bin" / "opencode"
NOWHERE = "http://127.0.0.1:9"
"""A proxy that nobody serves: what the program would fetch from elsewhere is refused at once."""

needs_opencode = pytest.mark.skipif(
    not OPENCODE.exists(), reason="the agent program is not installed: `make agents` (needs npm)"
)


def proxies_to_nowhere() -> dict[str, str]:
    """Variables with which a program finds nothing but this host."""
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), NOWHERE)
    return {**proxies, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}


def opencode_command() -> dict[str, str]:
    """What a container is told so that it finds the program."""
    return {"GASTOWN_OPENCODE_COMMAND": str(OPENCODE)}


def opencode_environment() -> dict[str, str]:
    """What a container is told so that it finds the program, and the program nothing but this host."""
    return {**opencode_command(), **proxies_to_nowhere()}
