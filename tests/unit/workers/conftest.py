"""A stage on fakes for every test of a door."""

from collections.abc import Iterator

import pytest

from tests.support.stage import FakeContext, Stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A control plane on fakes with one quiet town, in place of what the bootstrap makes."""
    with Stage().open() as opened:
        yield opened


@pytest.fixture
def context() -> FakeContext:
    """A call with 30 s left."""
    return FakeContext()
