"""Which providers a town may speak to, and who speaks for each."""

from collections.abc import Callable
from dataclasses import dataclass

from gastown.domain.addresses import Hosts, host_of_instance
from gastown.domain.pull import Provider, Repository
from gastown.domain.town import Town
from gastown.ports.git_host import GitHost


@dataclass(frozen=True, kw_only=True)
class GitHosts:
    """The deployment's GitHub, and a GitLab for each instance; both are made when they are first asked for."""

    github: Callable[[], GitHost]
    gitlab: Callable[[str | None], GitHost]
    github_host: str
    plain: bool = False
    """Whether addresses without TLS are fine, on a stage of one machine."""

    def known(self, town: Town) -> Hosts:
        """The hosts that a town's credentials may go to."""
        return Hosts(
            github=self.github_host,
            gitlab=host_of_instance(town.config.git_auth.gitlab_instance_url),
            plain=self.plain,
        )

    def host_for(self, town: Town, repository: Repository) -> GitHost:
        """Who hosts a repository of one of the known hosts."""
        if repository.provider is Provider.GITHUB:
            return self.github()
        return self.gitlab(town.config.git_auth.gitlab_instance_url)
