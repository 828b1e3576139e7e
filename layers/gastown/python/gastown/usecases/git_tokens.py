"""The one place where a credential for a provider is found: for polling, merging, agents and refreshes alike.

GitHub: the person's token, else the live integration, else the stored one. GitLab: the town's token. Each source has
its name, and when nothing is found all that were tried are listed in order (REQ-4.1 to 4.5).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gastown.domain.pull import NoToken, Provider, Repository


@dataclass(frozen=True, kw_only=True)
class GitToken:
    """A credential and where it came from; its value is never shown."""

    value: str = field(repr=False)
    source: str
    provider: Provider
    username: str


GITHUB_USER, GITLAB_USER = "x-access-token", "oauth2"


def resolve(own: Mapping[str, Any], repository: Repository) -> GitToken | NoToken:
    """The credential of a repository, from the town's own secret; or the sources that were tried."""
    github = repository.provider is Provider.GITHUB
    user = GITHUB_USER if github else GITLAB_USER
    tried = []
    for source, value in _sources(own, repository):
        if value:
            return GitToken(value=value, source=source, provider=repository.provider, username=user)
        tried.append(source)
    return NoToken(provider=repository.provider, tried=tuple(tried))


def _sources(own: Mapping[str, Any], repository: Repository) -> Iterator[tuple[str, str]]:
    if repository.provider is Provider.GITHUB:
        yield "town.github_cli_pat", str(own.get("github_cli_pat") or "")
        yield "platform integration (none configured)", ""
        yield "town.git_auth.github_token", str(own.get("github_token") or "")
    else:
        yield "town.git_auth.gitlab_token", str(own.get("gitlab_token") or "")
    hosts = own.get("git")
    entry = hosts.get(repository.host) if isinstance(hosts, dict) else None
    yield f"town secret git.{repository.host}", str(entry.get("password") or "") if isinstance(entry, dict) else ""
