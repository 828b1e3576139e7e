"""Addresses of repositories and their pull requests: whose they are, read strictly (source-control facts, 2.3).

| address | repository |
|---|---|
| `https://<GitHub>/owner/name[.git]`, `git@<GitHub>:owner/name.git`, `ssh://git@<GitHub>/…` | the first two segments |
| the same at the GitLab instance | the last segment is the project, the rest its groups |
| `https://<GitHub>/owner/name/pull/7…` | pull request 7 |
| `https://<any host>/group/…/project/-/merge_requests/7…` | merge request 7; who asks checks the host and says so |

Hosts are compared whole, in lower case, and a port counts: what only looks like a provider (`github.com.evil.example`,
`github.com@evil.example`, `github.com:8443`) is another host. HTTP and ports are for a host that is configured so, as
on the local stage.
"""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from gastown.domain.errors import Invalid
from gastown.domain.pull import Provider, PullRef, Repository

GITHUB_COM = "https://github.com"
GITLAB_COM = "https://gitlab.com"
INSTANCE_FIELD = "git_auth.gitlab_instance_url"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PORTS = {"https": 443, "http": 80}
LEAST_SEGMENTS = 2
"""Of a repository's path: its owner and its name."""

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_SEGMENT = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.][A-Za-z0-9_.-]*")
_SCP = re.compile(r"(?P<user>[A-Za-z0-9_.-]+)@(?P<host>[A-Za-z0-9.-]+):(?P<path>[^\s\\]+)")
_ODD = re.compile(r"[\s\\%\x00-\x1f\x7f]")
_PULL = re.compile(r"(?P<owner>[^/]+)/(?P<name>[^/]+)/pull/(?P<number>[0-9]{1,12})(?:/.*)?")
_MERGE_REQUEST = re.compile(r"(?P<project>.+?)/-/merge_requests/(?P<number>[0-9]{1,12})(?:/.*)?")


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where a provider is on the web: scheme, host with a port of its own, and the path below which it lies, bare."""

    scheme: str
    host: str
    root: str = ""

    @property
    def name(self) -> str:
        """The host without a port."""
        return self.host if self.host.startswith("[") else self.host.partition(":")[0]

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        return f"{self.scheme}://{self.host}" + (f"/{self.root}" if self.root else "")


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """The two providers of one town: the stack's GitHub and the town's GitLab. Raises `Invalid` if one is none."""

    github: str = GITHUB_COM
    gitlab: str = GITLAB_COM

    def __post_init__(self) -> None:
        self.sites()

    def sites(self) -> dict[Provider, Site]:
        """Both sites; the town's own choice comes first, should both be one host."""
        return {
            Provider.GITLAB: parse_site(self.gitlab, field=INSTANCE_FIELD),
            Provider.GITHUB: parse_site(self.github, field="github_url"),
        }


def parse_site(url: str, *, field: str = INSTANCE_FIELD) -> Site:
    """Read a configured address: https, a host, perhaps a port and a path, and nothing else (REQ-5.16).

    Raises `Invalid` of `field`. HTTP is for this machine only, where the local stage and tests listen.
    """
    parts = _split(url)
    if parts is None or "@" in parts.netloc or parts.query or parts.fragment:
        raise Invalid("That is no address of the form https://host", field=field)
    host = (parts.hostname or "").lower()
    if not (_HOST.fullmatch(host) or host in LOOPBACK):
        raise Invalid("That address names no host", field=field)
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        raise Invalid("That address does not begin with https://", field=field)
    root = parts.path.strip("/")
    if root and not all(_SEGMENT.fullmatch(segment) for segment in root.split("/")):
        raise Invalid("That address has an odd path", field=field)
    return Site(scheme=parts.scheme, host=_host_of(parts), root=root)


def parse_git_url(url: str, addresses: Addresses) -> Repository | None:
    """The repository that a git remote names; none if it is at neither provider. Credentials in it are ignored."""
    scp = _SCP.fullmatch(url)
    parts = None if scp else _split(url)
    for provider, site in addresses.sites().items():
        path = None
        if scp and scp["host"].lower() == site.name:
            path = scp["path"].strip("/")
        elif parts is not None and parts.scheme == "ssh" and (parts.hostname or "") == site.name:
            path = parts.path.strip("/")
        elif parts is not None and (parts.scheme, _host_of(parts)) == (site.scheme, site.host):
            path = _below(site, parts.path)
        if path is not None:
            return _repository(provider, site, path)
    return None


def parse_pull_url(url: str, addresses: Addresses) -> PullRef | None:
    """The pull or merge request that a URL names; none if it is not the address of one, or carries credentials.

    A merge request of any HTTPS host is one: that its host is the configured one is checked, and told, by who asks.
    """
    parts = _split(re.split(r"[?#]", url, maxsplit=1)[0])
    if parts is None or "@" in parts.netloc or not parts.hostname:
        return None
    place = (parts.scheme, _host_of(parts))
    sites = addresses.sites()
    github, gitlab = sites[Provider.GITHUB], sites[Provider.GITLAB]
    if place == (github.scheme, github.host) and (found := _PULL.fullmatch(_below(github, parts.path) or "")):
        return _pull(Provider.GITHUB, github, f"{found['owner']}/{found['name']}", int(found["number"]))
    is_own = place == (gitlab.scheme, gitlab.host)
    if place == (github.scheme, github.host) and not is_own:
        return None
    if not is_own and (parts.scheme != "https" or not _HOST.fullmatch(parts.hostname)):
        return None
    site = gitlab if is_own else Site(scheme="https", host=_host_of(parts))
    found = _MERGE_REQUEST.fullmatch(_below(site, parts.path) or "")
    return _pull(Provider.GITLAB, site, found["project"], int(found["number"])) if found else None


def _split(url: str) -> SplitResult | None:
    """The parts of an address that is written plainly; escapes, blanks and backslashes are read in too many ways."""
    if _ODD.search(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _host_of(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    return host if parts.port in (None, PORTS.get(parts.scheme)) else f"{host}:{parts.port}"


def _below(site: Site, path: str) -> str | None:
    """A path as seen from the site's root."""
    plain = path.strip("/")
    if not site.root:
        return plain
    return plain.removeprefix(f"{site.root}/") if plain.startswith(f"{site.root}/") else None


def _repository(provider: Provider, site: Site, path: str) -> Repository | None:
    segments = path.partition("/-/")[0].split("/")
    if provider is Provider.GITHUB:
        segments = segments[:2]
    segments[-1] = segments[-1].removesuffix(".git")
    if len(segments) < LEAST_SEGMENTS or not all(_SEGMENT.fullmatch(segment) for segment in segments):
        return None
    return Repository(provider=provider, host=site.host, owner="/".join(segments[:-1]), name=segments[-1])


def _pull(provider: Provider, site: Site, path: str, number: int) -> PullRef | None:
    repository = _repository(provider, site, path)
    if repository is None or number < 1:
        return None
    kind = "pull" if provider is Provider.GITHUB else "-/merge_requests"
    return PullRef(repository=repository, number=number, url=f"{site.url}/{repository.path}/{kind}/{number}")
