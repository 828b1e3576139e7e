"""Which GitLab: the configured instance, the only host that ever receives its token."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from gastown.domain.errors import Invalid
from gastown.domain.pull import HostMismatch, Provider, Repository

GITLAB_COM: Final = "https://gitlab.com"
FIELD: Final = "gitlab_instance_url"
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1"})
HOST: Final = re.compile(r"(?P<name>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::\d{1,5})?")
PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
GOT_LIMIT: Final = 200


@dataclass(frozen=True, kw_only=True)
class Instance:
    """An instance: its host's bare name in lower case, and where its API begins."""

    host: str
    api: str


def parse_instance_url(url: str) -> Instance:
    """Read the configured address of an instance; one under a path (a relative URL root) is fine.

    Raises `Invalid` of the field `gitlab_instance_url` (REQ-5.16) for what is no plain HTTPS address: the token would
    travel readable, or to somebody else. HTTP is for this machine only, where tests and the local stack listen.
    """
    parts = _split(url)
    host = (parts.hostname or "").lower()
    if not HOST.fullmatch(host):
        raise _refused(url, "names no host")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        raise _refused(url, "must begin with https://")
    if "@" in parts.netloc:
        raise _refused(url, "must not carry a user name or password")
    path = parts.path.rstrip("/")
    if parts.query or parts.fragment or ".." in path or not PATH.fullmatch(path):
        raise _refused(url, "must be an address alone, without a query")
    port = "" if parts.port is None else f":{parts.port}"
    return Instance(host=host, api=f"{parts.scheme}://{host}{port}{path}/api/v4")


def mismatch(instance: Instance, repository: Repository) -> HostMismatch | None:
    """Refuse a repository of another host than the instance's.

    Names are compared whole and without their port, which is the instance's own (source-control facts, 2.3); what is
    not a host name at all, such as `gitlab.com@evil.example`, matches nothing.
    """
    found = HOST.fullmatch(repository.host.lower())
    if repository.provider is Provider.GITLAB and found is not None and found["name"] == instance.host:
        return None
    return HostMismatch(provider=Provider.GITLAB, expected=instance.host, got=repository.host[:GOT_LIMIT])


def project_path(repository: Repository) -> str:
    """A project's place in the API: groups, subgroups and name as one encoded segment.

    https://docs.gitlab.com/api/rest/#namespaced-paths
    """
    return f"/projects/{quote(repository.path, safe='')}"


def _split(url: str) -> SplitResult:
    """Split an address; Python refuses broken brackets and ports by `ValueError`, the port only when it is read."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise _refused(url, "is no address") from error
    if any(character.isspace() or character == "\\" for character in url):
        raise _refused(url, "is no address")
    return parts


def _refused(url: str, why: str) -> Invalid:
    """Name the setting and what is wrong with it; a password in it is not repeated."""
    shown = re.sub(r"//[^/]*@", "//…@", url)[:GOT_LIMIT]
    return Invalid(f"The configured GitLab instance URL {shown!r} {why}.", field=FIELD)
