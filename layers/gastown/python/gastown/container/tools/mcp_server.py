"""The agents' tools as an MCP server on standard input and output: `python -m gastown.container.tools.mcp_server`."""

import inspect
import operator
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field
from pydantic.fields import FieldInfo

from gastown.container.tools.calling import use_tool
from gastown.container.tools.catalog import Tool
from gastown.container.tools.credential_helper import BrokerError
from gastown.container.tools.toolbox import tools_of


def build_server(role: str) -> MCPServer[None]:
    """A server with the tools of this role."""
    server: MCPServer[None] = MCPServer("gastown", instructions="Report to your town with these tools.")
    for tool in tools_of(role):
        server.add_tool(as_function(tool), name=tool.name, description=tool.description, structured_output=False)
    return server


def as_function(tool: Tool) -> Callable[..., str]:
    """A function with the tool's parameters as its signature, which is where the library takes their schema from."""

    def run(**values: Any) -> str:
        given = {name: value for name, value in values.items() if value is not None}
        try:
            return use_tool(tool.name, given, os.environ)
        except BrokerError as error:
            raise ToolError(str(error)) from error

    run.__name__ = tool.name
    parameters = [_parameter(name, field) for name, field in tool.params.model_fields.items()]
    run.__signature__ = inspect.Signature(parameters, return_annotation=str)  # type: ignore[attr-defined]
    return run


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    default = inspect.Parameter.empty if field.is_required() else field.get_default(call_default_factory=True)
    kind = inspect.Parameter.KEYWORD_ONLY
    # The annotation is made at run time; a type checker has nothing to read here.
    annotation: Any = operator.getitem(Annotated, (field.annotation, Field(description=field.description)))
    return inspect.Parameter(name, kind, default=default, annotation=annotation)


def main() -> int:
    """Serve until the client hangs up; returns the exit code."""
    role = os.environ.get("GASTOWN_AGENT_ROLE")
    if not role:
        print("gastown mcp: GASTOWN_AGENT_ROLE is not set: this works inside an agent's session only", file=sys.stderr)
        return 1
    build_server(role).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
