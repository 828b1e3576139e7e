"""Workflows in memory: executions that wait for answers."""

from collections.abc import Mapping
from typing import Any

from gastown.domain.errors import GastownError
from gastown.ports.workflows import Answer


class MemoryWorkflows:
    """`executions` by name, `waiting` tokens, `answers` by token, `calls` in order; `failure` is raised while set."""

    def __init__(self) -> None:
        """Start without executions and willing."""
        self.executions: dict[str, dict[str, Any]] = {}
        self.waiting: set[str] = set()
        self.answers: dict[str, dict[str, Any]] = {}
        self.stopped: dict[str, str] = {}
        self.calls: list[tuple[str, str]] = []
        self.failure: GastownError | None = None

    def start(self, name: str, data: Mapping[str, Any]) -> str:
        """Start the execution unless its name is known."""
        self._note("start", name)
        self.executions.setdefault(name, dict(data))
        return f"arn:aws:states:us-east-1:000000000000:execution:convoy:{name}"

    def succeed(self, token: str, output: Mapping[str, Any]) -> Answer:
        """Answer a waiting token."""
        self._note("succeed", token)
        return self._answer(token, dict(output))

    def fail(self, token: str, error: str, cause: str) -> Answer:
        """Answer a waiting token with an error."""
        self._note("fail", token)
        return self._answer(token, {"error": error, "cause": cause})

    def stop(self, arn: str, cause: str) -> None:
        """Note the first stop of an execution that is known."""
        self._note("stop", arn)
        if arn.rpartition(":")[2] in self.executions:
            self.stopped.setdefault(arn, cause)

    def _answer(self, token: str, answer: dict[str, Any]) -> Answer:
        if token not in self.waiting:
            return "gone"
        self.waiting.discard(token)
        self.answers[token] = answer
        return "answered"

    def _note(self, verb: str, argument: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.calls.append((verb, argument))
