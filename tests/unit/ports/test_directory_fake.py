"""The directory in memory keeps the directory's contract."""

import pytest

from tests.support.contracts.directory import DirectoryContract
from tests.support.fakes.directory import MemoryDirectory


class TestMemoryDirectory(DirectoryContract):
    """The same suite as the adapter's."""

    @pytest.fixture
    def directory(self) -> MemoryDirectory:
        """An empty directory."""
        return MemoryDirectory()
