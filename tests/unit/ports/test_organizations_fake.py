"""Organisations in memory keep their contract."""

import pytest

from tests.support.contracts.organizations import OrganizationsContract
from tests.support.fakes.organizations import MemoryOrganizations


class TestMemoryOrganizations(OrganizationsContract):
    """The same suite as the adapter's."""

    @pytest.fixture
    def organizations(self) -> MemoryOrganizations:
        """None yet."""
        return MemoryOrganizations()
