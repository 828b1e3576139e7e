"""Which repository or pull request an address means, and whether its host is one of ours (source-control facts, 2.3).

Host names are compared whole, in lower case and without their port. A host that is not configured gets no token: such
an address is refused before anything is asked.
"""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from gastown.domain.pull import HostMismatch, Provider, PullRef, Refusal, Repository, UnrecognizedUrl

GITHUB_COM = "github.com"
GITLAB_COM = "gitlab.com"
SCP = re.compile(r"^[\w.-]+@([\w.-]+):(?!//)(.+)$")
MERGE_REQUEST = re.compile(r"^/(.+)/([^/]+)/-/merge_requests/(\d+)(?:[/?#].*)?$")
PULL = re.compile(r"^/([^/]+)/([^/]+)/pull/(\d+)(?:[/?#].*)?$")
SEGMENT = re.compile(r"^[\w.~-]+$")


@dataclass(frozen=True, kw_only=True)
class Hosts:
    """The configured hosts by their bare names; `plain` allows http, for a stage on one machine."""

    github: str = GITHUB_COM
    gitlab: str = GITLAB_COM
    plain: bool = False


def host_of_instance(url: str | None) -> str:
    """The bare host name of a configured GitLab instance; gitlab.com if there is none."""
    if not url:
        return GITLAB_COM
    parts = _split(url)
    return (parts.hostname or "").lower() if parts is not None else ""


def parse_git_url(url: str, hosts: Hosts) -> Repository | UnrecognizedUrl:
    """The repository of a Git remote: https, ssh or `git@host:path`, with or without `.git`."""
    split = _split_remote(url)
    if split is None:
        return UnrecognizedUrl(url=shown(url))
    host, path = split
    parts = path.strip("/").removesuffix(".git").split("/")
    if len(parts) < len(("owner", "name")) or not all(_is_name(part) for part in parts):
        return UnrecognizedUrl(url=shown(url))
    if host == hosts.github:
        return Repository(provider=Provider.GITHUB, host=host, owner=parts[0], name=parts[1])
    if host == hosts.gitlab:
        return Repository(provider=Provider.GITLAB, host=host, owner="/".join(parts[:-1]), name=parts[-1])
    return UnrecognizedUrl(url=shown(url))


def repository_key(url: str) -> str | None:
    """Host and path of a repository address in lower case, the same however it is written; none for a path on disk."""
    split = _split_remote(url)
    if split is None:
        return None
    path = split[1].strip("/").removesuffix(".git").lower()
    return f"{split[0]}/{path}" if path else None


def _split_remote(url: str) -> tuple[str, str] | None:
    if (scp := SCP.match(url)) is not None:
        return scp[1].lower(), scp[2]
    parts = _split(url)
    if parts is None or parts.scheme not in ("https", "http", "ssh") or not parts.hostname:
        return None
    return parts.hostname.lower(), parts.path


def parse_pull_url(url: str, hosts: Hosts) -> PullRef | Refusal:
    """The pull or merge request of a web address; what follows its number is ignored."""
    parts = _split(url)
    schemes = ("https", "http") if hosts.plain else ("https",)
    if parts is None or parts.scheme not in schemes or parts.username or parts.password or not parts.hostname:
        return UnrecognizedUrl(url=shown(url))
    host = parts.hostname.lower()
    if (found := MERGE_REQUEST.match(parts.path)) is not None:
        if host != hosts.gitlab:
            return HostMismatch(provider=Provider.GITLAB, expected=hosts.gitlab, got=host[:200])
        repository = Repository(provider=Provider.GITLAB, host=host, owner=found[1], name=found[2])
    elif (found := PULL.match(parts.path)) is not None and host == hosts.github:
        repository = Repository(provider=Provider.GITHUB, host=host, owner=found[1], name=found[2])
    else:
        return UnrecognizedUrl(url=shown(url))
    if not all(_is_name(part) for part in repository.path.split("/")):
        return UnrecognizedUrl(url=shown(url))
    return PullRef(repository=repository, number=int(found[3]), url=url.strip())


def shown(url: str) -> str:
    """An address as it may be shown: without what somebody put before its host."""
    return re.sub(r"//[^/@]*@", "//", url)[:200]


def _is_name(part: str) -> bool:
    return SEGMENT.match(part) is not None and part not in (".", "..")


def _split(url: str) -> SplitResult | None:
    if any(character.isspace() or character == "\\" for character in url.strip()):
        return None
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:  # broken brackets or ports
        return None
    return parts
