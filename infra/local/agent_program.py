"""Which program plays the agents on the local stack: the caller's, or the deterministic one that is no model."""

import os
import shlex
import sys

from infra.local.template import ROOT

AGENT_COMMAND = shlex.join([sys.executable, str(ROOT / "infra" / "local" / "demo_agent.py")])
"""The demo's agent: it carries out what a task's body spells out."""


def agent_environment() -> dict[str, str]:
    """What local containers inherit: the caller's `GASTOWN_AGENT_COMMAND`, else the demo's agent."""
    return {"GASTOWN_AGENT_COMMAND": os.environ.get("GASTOWN_AGENT_COMMAND") or AGENT_COMMAND}
