"""Fixtures of the container's tests: a bare repository and a stand-in door."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.container.broker_stand import Stand, open_stand
from tests.integration.container.door import Door, open_door
from tests.integration.container.remote import Bare, make_bare


@pytest.fixture
def bare(tmp_path: Path) -> Bare:
    """A bare repository with one commit on main."""
    return make_bare(tmp_path)


@pytest.fixture
def door() -> Iterator[Door]:
    """A door that plays one town."""
    with open_door() as opened:
        yield opened


@pytest.fixture
def stand(door: Door) -> Iterator[Stand]:
    """A broker for one agent, which calls the door."""
    with open_stand(door.url) as opened:
        yield opened
