"""How a tool is used, whichever form it was offered in: the container's broker makes the call."""

import json
from collections.abc import Mapping
from typing import Any

from gastown.container.tools.credential_helper import ask_broker


def use_tool(name: str, values: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    """The town's answer as JSON to be read. Raises `BrokerError`, with a line for each wrong value."""
    answer = ask_broker("call", {"tool": name, "values": values}, environment)
    return json.dumps(answer["data"], indent=2, sort_keys=True)
