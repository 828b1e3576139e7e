"""The configured address of a GitLab instance: an HTTPS address and nothing else (REQ-5.16)."""

import re
from urllib.parse import urlsplit

from gastown.domain.errors import Invalid

GITLAB_COM = "https://gitlab.com"
FIELD = "git_auth.gitlab_instance_url"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PORTS = {"https": 443, "http": 80}

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)*")
_ODD = re.compile(r"[\s\\%\x00-\x1f\x7f]")


def parse_instance(url: str | None) -> str:
    """The address in its one spelling, without a slash at its end; gitlab.com if there is none.

    Raises `Invalid` for what would carry a token readable, or to somebody else. HTTP is for this machine only, where
    the local stage and tests listen.
    """
    if not url:
        return GITLAB_COM
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused("is no address") from None
    host, path = (parts.hostname or "").lower(), parts.path.rstrip("/")
    if _ODD.search(url) or "@" in parts.netloc or "?" in url or "#" in url or not _PATH.fullmatch(path):
        raise _refused("is more than an address: no user, query or escapes belong there")
    if not (_HOST.fullmatch(host) or host in LOOPBACK):
        raise _refused("names no host")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        raise _refused("does not begin with https://")
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + ("" if port in (None, PORTS[parts.scheme]) else f":{port}") + path


def _refused(why: str) -> Invalid:
    """Without the address: there may be a password in it."""
    return Invalid(f"The GitLab instance URL {why}", field=FIELD)
