"""GitLab's adapter before a forge that speaks its REST API over a real repository."""

from collections.abc import Iterator

import pytest

from gastown.adapters.gitlab.git_host import GitLabGitHost
from gastown.ports.git_host import GitHost
from tests.support.contracts.git_host import Forge as Hand
from tests.support.contracts.git_host import GitHostContract
from tests.support.forge import Forge
from tests.support.gitlab_forge import GitLabForge


class TestGitLab(GitHostContract):
    """A merge really merges, and a conflict is a conflict."""

    @pytest.fixture
    def forge(self) -> Iterator[Hand]:
        """The forge, asked as GitLab."""
        with Forge() as running:
            yield GitLabForge(running)

    @pytest.fixture
    def host(self, forge: Hand) -> Iterator[GitHost]:
        """The adapter, whose instance is the forge."""
        assert isinstance(forge, GitLabForge)
        adapter = GitLabGitHost(clock=forge.clock, instance_url=forge.url)
        yield adapter
        adapter.close()
