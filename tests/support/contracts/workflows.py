"""What every home of convoys' executions keeps."""

from collections.abc import Callable

import pytest

from gastown.domain.errors import Unavailable
from gastown.ports.workflows import Workflows

WaitingToken = Callable[[], str]
"""Starts an execution that waits, and gives the token that it waits for."""


class WorkflowsContract:
    """Run by the fake's test and by the adapter's, which give the fixtures."""

    @pytest.fixture
    def workflows(self) -> Workflows:
        """The workflows under test."""
        raise NotImplementedError

    @pytest.fixture
    def waiting_token(self, workflows: Workflows) -> WaitingToken:
        """How to get a token that somebody waits for."""
        raise NotImplementedError

    @pytest.fixture
    def silent(self) -> Workflows:
        """Workflows that do not answer."""
        raise NotImplementedError

    def test_starting_a_name_twice_starts_it_once(self, workflows: Workflows) -> None:
        """Both starts answer the same ARN."""
        first = workflows.start("town-1_convoy-twice", {"contract": 1, "beads": []})
        again = workflows.start("town-1_convoy-twice", {"contract": 1, "beads": []})

        assert first == again
        assert first.endswith(":town-1_convoy-twice")

    def test_a_wait_is_answered_once(self, workflows: Workflows, waiting_token: WaitingToken) -> None:
        """The second answer finds nobody waiting, and that is a value."""
        token = waiting_token()

        assert workflows.succeed(token, {"outcome": "closed"}) == "answered"
        assert workflows.succeed(token, {"outcome": "closed"}) == "gone"

    def test_a_wait_can_be_failed(self, workflows: Workflows, waiting_token: WaitingToken) -> None:
        """An error is an answer too."""
        token = waiting_token()

        assert workflows.fail(token, "StepFailed", "no such convoy") == "answered"

    def test_a_token_that_nobody_waits_for_is_gone(self, workflows: Workflows) -> None:
        """Executions end, and their tokens with them."""
        assert workflows.succeed("a-token-of-long-ago", {}) == "gone"
        assert workflows.fail("a-token-of-long-ago", "StepFailed", "late") == "gone"

    def test_an_execution_can_be_stopped_twice(self, workflows: Workflows) -> None:
        """An effect may be performed again."""
        arn = workflows.start("town-1_convoy-stopped", {})
        for _ in range(2):
            workflows.stop(arn, "closed by its owner")

    def test_stopping_an_execution_that_never_was_is_fine(self, workflows: Workflows) -> None:
        """A convoy may be closed before its execution was started."""
        arn = workflows.start("town-1_convoy-there", {})
        workflows.stop(arn.replace("convoy-there", "convoy-not-there"), "closed by its owner")

    def test_workflows_that_are_silent_are_unavailable(self, silent: Workflows) -> None:
        """The caller performs the effect again later."""
        with pytest.raises(Unavailable):
            silent.start("town-1_convoy-1", {})
        with pytest.raises(Unavailable):
            silent.succeed("token", {})
