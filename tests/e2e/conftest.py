"""One local stack for all stories; each story makes its own towns and repositories on it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.local.agent_program import AGENT_COMMAND
from infra.local.stack import Stack, running_stack
from tests.e2e.forge_app import ForgeApp, register_app
from tests.e2e.forge_story import ForgeStory
from tests.e2e.story import Story, new_repository
from tests.support.agent_program import opencode_command
from tests.support.forge.server import Forge


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "e2e: a story on the local stack")


@pytest.fixture(scope="session")
def forge() -> Iterator[Forge]:
    """A provider of pull requests over real repositories, in this process."""
    with Forge() as forge:
        forge.world.gitlab_web = forge.url.replace("127.0.0.1", "localhost")
        yield forge


@pytest.fixture(scope="session")
def apps() -> list[ForgeApp]:
    """The stack's GitHub App, when the stack stands."""
    return []


@pytest.fixture(scope="session")
def stack(forge: Forge, apps: list[ForgeApp]) -> Iterator[Stack]:
    """The whole service on emulated AWS with its rights enforced, its agents played by a demo or by opencode."""

    def parameters(endpoint: str) -> dict[str, str]:
        app, arn = register_app(endpoint, forge)
        apps.append(app)
        return {"GitHubUrl": forge.url, "GitHubApiUrl": forge.url, "GitHubAppSecretArn": arn}

    idle = {"GASTOWN_IDLE_SECONDS": "1", "GASTOWN_REFINERY_IDLE_SECONDS": "1"}
    environment = {"GASTOWN_AGENT_COMMAND": AGENT_COMMAND, **opencode_command(), **idle}
    with running_stack(environment=environment, parameters=parameters, enforce_iam=True) as running:
        yield running


@pytest.fixture(scope="session")
def app(stack: Stack, apps: list[ForgeApp]) -> ForgeApp:
    """The stack's GitHub App."""
    assert stack.api
    return apps[0]


@pytest.fixture
def story(stack: Stack, tmp_path: Path) -> Iterator[Story]:
    """A town with one rig over a repository of its own."""
    repository = new_repository(tmp_path)
    begun = Story.begin(stack, repository)
    yield begun
    begun.end()


@pytest.fixture
def on_forge(stack: Stack, forge: Forge) -> Iterator[Callable[..., ForgeStory]]:
    """Begins towns whose work goes through pull requests of the forge, with these settings."""
    begun: list[ForgeStory] = []

    def begin(provider: str = "github", **config: object) -> ForgeStory:
        begun.append(ForgeStory.on(stack, forge, provider=provider, **config))
        return begun[-1]

    yield begin
    for story in begun:
        story.end()
