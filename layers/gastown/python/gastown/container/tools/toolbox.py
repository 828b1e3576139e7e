"""Which tools a role has, and how each of them is given on a command line."""

from pydantic.fields import FieldInfo

from gastown.container.tools.catalog import TOOLS, Tool
from gastown.container.tools.manual import Page, Parameter
from gastown.container.tools.mayor_catalog import MAYOR_TOOLS

EVERY_TOOL = (*TOOLS, *MAYOR_TOOLS)

POSITIONAL = frozenset({"bead_id", "data", "message", "triage_request_bead_id", "action"})
"""Parameters that are given without a flag."""
FLAGS = {"files": "--file", "labels": "--label", "mail_ids": "--mail-id", "resolution_notes": "--notes"}
"""Flags that are not simply the parameter's name."""
ACTIONS = {
    "list[str]": "append",
    "list[str] | None": "append",
    "<class 'bool'>": "store_true",
    "bool | None": "store_true",
}
"""How values of these types are given; all others are one word or text."""
AS_JSON = frozenset({"data", "metadata", "tasks"})
"""Parameters whose value is JSON."""


def tools_of(role: str) -> tuple[Tool, ...]:
    """The tools this role sees."""
    return tuple(tool for tool in EVERY_TOOL if role in tool.roles)


def write_manual() -> list[Page]:
    """A page for each tool there is."""
    return [_write_page(tool) for tool in EVERY_TOOL]


def _write_page(tool: Tool) -> Page:
    return Page(
        name=tool.name,
        words=list(tool.words),
        description=tool.description,
        roles=sorted(tool.roles),
        parameters=[_describe(name, field) for name, field in tool.params.model_fields.items()],
    )


def _describe(name: str, field: FieldInfo) -> Parameter:
    return Parameter(
        name=name,
        flag=None if name in POSITIONAL else FLAGS.get(name, "--" + name.replace("_", "-")),
        action=ACTIONS.get(str(field.annotation), "store"),
        is_json=name in AS_JSON,
        help=field.description,
    )
