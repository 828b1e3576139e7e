"""Convoys as executions that people can see, stop and resume."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

Answer = Literal["answered", "gone"]
"""`gone`: nobody waits on that token any more, which is a fact and not a failure."""


class Workflows(Protocol):
    """Starts executions and answers their waits; every method raises `Unavailable` when the service did not answer."""

    def start(self, name: str, data: Mapping[str, Any]) -> str:
        """Start the execution of this name, once however often it is asked for; returns its ARN."""
        ...

    def succeed(self, token: str, output: Mapping[str, Any]) -> Answer:
        """Answer a wait with its outcome."""
        ...

    def fail(self, token: str, error: str, cause: str) -> Answer:
        """Answer a wait with an error."""
        ...

    def stop(self, arn: str, cause: str) -> None:
        """Stop an execution; one that has ended or never was is fine."""
        ...
