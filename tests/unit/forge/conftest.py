"""A forge of its own for each test: a real server on 127.0.0.1, which is why these tests may open sockets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.forge import Forge
from tests.support.forge.scene import Scene, open_scene

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The forge is a server: its tests speak to 127.0.0.1."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.enable_socket)


@pytest.fixture
def forge() -> Iterator[Forge]:
    """An empty forge."""
    with Forge() as forge:
        yield forge


@pytest.fixture
def scene(forge: Forge) -> Scene:
    """A forge with one open request."""
    return open_scene(forge)
