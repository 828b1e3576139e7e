"""Which tools a role has."""

from gastown.container.tools.catalog import TOOLS, Tool
from gastown.container.tools.mayor_catalog import MAYOR_TOOLS

EVERY_TOOL = (*TOOLS, *MAYOR_TOOLS)


def tools_of(role: str) -> tuple[Tool, ...]:
    """The tools this role sees."""
    return tuple(tool for tool in EVERY_TOOL if role in tool.roles)
