"""What `gt` knows of the tools: one page each, written down by the container, so that `gt` starts without a library."""

from typing import TypedDict

PLACE = "GASTOWN_TOOLS_MANUAL"
"""The variable of an agent's process that says where the pages are."""


class Parameter(TypedDict):
    """One parameter as it stands on the command line."""

    name: str
    flag: str | None
    """None for what is given without a flag."""
    action: str
    """What `argparse` does with it."""
    is_json: bool
    help: str | None


class Page(TypedDict):
    """One tool; `words` are its name on the command line."""

    name: str
    words: list[str]
    description: str
    roles: list[str]
    parameters: list[Parameter]
