"""A convoy lands on the local stack whose tasks are Docker containers of the image (`make image-test`)."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.local.demo_repository import Repository, git
from infra.local.stack import Stack, running_stack
from infra.local.template import ROOT
from tests.e2e.story import Story, chain, new_repository

IMAGE = os.environ.get("GASTOWN_TEST_IMAGE", "")
pytestmark = pytest.mark.e2e


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that the container's accounts may enter, unlike pytest's own; what they made in it goes too."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def closing_story(stack: Stack, repository: Repository) -> Iterator[Story]:
    """A town whose client is closed at the end."""
    story = Story.begin(stack, repository)
    yield story
    story.api.client.close()


@pytest.mark.skipif(not IMAGE, reason="no image is named by GASTOWN_TEST_IMAGE; `make image-test` builds and names one")
def test_a_convoy_lands_in_containers_of_the_image(shared: Path) -> None:
    """Under the image's own accounts: the control server's, and another for agents."""
    repository = new_repository(shared)
    git("config", "core.sharedRepository", "0666", folder=repository.path)
    for path in (repository.path, *repository.path.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    environment = {
        "GASTOWN_AGENT_COMMAND": f"python {ROOT / 'infra' / 'local' / 'demo_agent.py'}",
        "GASTOWN_LOCAL_IMAGE": IMAGE,
        "GASTOWN_LOCAL_SHARE": str(shared),
    }
    with running_stack(environment=environment) as stack, closing_story(stack, repository) as story:
        order = {"rig_id": story.rig_id, "convoy_title": "House", "tasks": chain(["a.txt", "b.txt"])}
        slung = story.api.sling_convoy(story.town_id, order)
        assert "landed" == story.wait_for_convoy(slung["convoy"]["id"])
        running = subprocess.run(["docker", "ps", "--format", "{{.Image}}"], capture_output=True, text=True, check=True)

    assert ("a.txt", "b.txt") == (story.file("a.txt").strip(), story.file("b.txt").strip())
    assert IMAGE in running.stdout.split()
