"""The workflows in memory keeps the contract of its port."""

import pytest

from gastown.domain.errors import Unavailable
from tests.support.contracts.workflows import WaitingToken, WorkflowsContract
from tests.support.fakes.workflows import MemoryWorkflows


class TestMemoryWorkflows(WorkflowsContract):
    """The contract, on the fake."""

    @pytest.fixture
    def workflows(self) -> MemoryWorkflows:
        """A fresh fake."""
        return MemoryWorkflows()

    @pytest.fixture
    def silent(self) -> MemoryWorkflows:
        """A fake that was told to fail."""
        fake = MemoryWorkflows()
        fake.failure = Unavailable("told to fail")
        return fake

    @pytest.fixture
    def waiting_token(self, workflows: MemoryWorkflows) -> WaitingToken:
        """A token is waited for when the test says so."""

        def wait() -> str:
            workflows.waiting.add("token-1")
            return "token-1"

        return wait
