"""One local stack for all stories; each story makes its own towns and repositories on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.agent_program import AGENT_COMMAND
from infra.local.stack import Stack, running_stack
from tests.e2e.story import Story, new_repository


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "e2e: a story on the local stack")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The whole service on emulated AWS with its rights enforced, its agents played by the deterministic demo agent."""
    with running_stack(environment={"GASTOWN_AGENT_COMMAND": AGENT_COMMAND}, enforce_iam=True) as running:
        yield running


@pytest.fixture
def story(stack: Stack, tmp_path: Path) -> Iterator[Story]:
    """A town with one rig over a repository of its own."""
    repository = new_repository(tmp_path)
    begun = Story.begin(stack, repository)
    yield begun
    begun.api.client.close()
