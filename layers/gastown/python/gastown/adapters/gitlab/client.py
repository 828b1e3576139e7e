"""One conversation with GitLab's REST API: bounded, with the instance only."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import httpx

from gastown.adapters.gitlab.answers import Answer, Failure, Raw, failed, misshapen, read
from gastown.adapters.gitlab.instance import Instance
from gastown.domain.pull import HttpError
from gastown.ports.git_host import Access

CONNECT_SECONDS: Final = 2.0
READ_SECONDS: Final = 8.0
TOTAL_SECONDS: Final = 24.0
"""How long all calls for one question may take together; the door that asks has 30 seconds."""

BODY_LIMIT: Final = 3_000_000
PAGE_SIZE: Final = 100
MOST_PAGES: Final = 5
MOST_HOPS: Final = 3
REDIRECTS: Final = frozenset({301, 302, 307, 308})
AGENT: Final = "gastown-aws"


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The entries of a list that were read, and whether there are more."""

    entries: list[dict[str, Any]]
    has_more: bool


@dataclass(kw_only=True)
class Conversation:
    """The calls that answer one question: one token, one deadline, one address.

    The token travels as `Authorization: Bearer`, which REST v4 takes for OAuth tokens and, as "OAuth-compliant
    headers", for personal, project and group access tokens too, so that nobody has to guess its kind:
    https://docs.gitlab.com/api/rest/authentication/#personalprojectgroup-access-tokens
    """

    http: httpx.Client
    instance: Instance
    access: Access
    now: Callable[[], datetime]
    deadline: float = field(default_factory=lambda: time.monotonic() + TOTAL_SECONDS)

    def address(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """A thing's full address; what is remembered of an answer is kept under it."""
        return str(httpx.URL(self.instance.api + path, params=query))

    def get(self, path: str, *, query: Mapping[str, str] | None = None, tag: str = "") -> Answer | Failure:
        """Ask for a thing; with the `tag` of an answer that is known, 304 and no body may come.

        A project that has moved answers with its new place, which is followed on the instance itself only:
        https://docs.gitlab.com/api/rest/#redirects
        """
        address = httpx.URL(self.address(path, query))
        for _ in range(MOST_HOPS):
            raw = self._exchange("GET", address, headers={"If-None-Match": tag} if tag else {})
            if isinstance(raw, HttpError):
                return raw
            target = _next_place(raw, address)
            if target is None:
                return self._read(raw)
            address = target
        return failed(raw.status, "too many redirects", transient=False)

    def send(self, method: str, path: str, body: Mapping[str, object]) -> Answer | Failure:
        """Change a thing. A redirect is not followed: nobody agreed to change anything there."""
        raw = self._exchange(method, httpx.URL(self.address(path)), body=body)
        return raw if isinstance(raw, HttpError) else self._read(raw)

    def pages(self, path: str, query: Mapping[str, str] | None = None) -> Listed | Failure:
        """Read a list, at most 5 pages of 100.

        Pages are counted here rather than followed by `Link`, which could name any host; `x-next-page` says whether
        there is one more, and without it a full page is taken to have a successor.
        https://docs.gitlab.com/api/rest/#offset-based-pagination
        """
        entries: list[dict[str, Any]] = []
        for page in range(1, MOST_PAGES + 1):
            answer = self.get(path, query={**(query or {}), "per_page": str(PAGE_SIZE), "page": str(page)})
            if not isinstance(answer, Answer):
                return answer
            if not isinstance(answer.body, list) or not all(isinstance(entry, dict) for entry in answer.body):
                return misshapen(answer.body)
            entries.extend(answer.body)
            if not answer.headers.get("x-next-page", "next" if len(answer.body) >= PAGE_SIZE else ""):
                return Listed(entries=entries, has_more=False)
        return Listed(entries=entries, has_more=True)

    def _read(self, raw: Raw) -> Answer | Failure:
        """Read an answer; an instance that repeats the token in its words does not get it into ours."""
        answer = read(raw, self.now())
        if isinstance(answer, HttpError) and self.access.token in answer.text:
            hidden = answer.text.replace(self.access.token, "…")
            return failed(answer.status, hidden, transient=answer.transient, retry_at=answer.retry_at)
        return answer

    def _exchange(
        self,
        method: str,
        address: httpx.URL,
        *,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Raw | HttpError:
        """Send one request and read its answer whole; whatever is no whole answer may be better next time."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            return failed(0, f"no time left after {TOTAL_SECONDS:.0f} seconds", transient=True)
        sent = {**(headers or {}), "Authorization": f"Bearer {self.access.token}", "User-Agent": AGENT}
        wait = httpx.Timeout(min(READ_SECONDS, left), connect=min(CONNECT_SECONDS, left))
        try:
            with self.http.stream(
                method, address, headers=sent, json=body, timeout=wait, follow_redirects=False
            ) as answer:
                content = b"".join(_bounded(answer.iter_bytes(), self.deadline))
                return Raw(status=answer.status_code, headers=answer.headers, content=content)
        except _TooMuch as limit:
            return failed(answer.status_code, str(limit), transient=False)
        except httpx.TimeoutException as error:
            return failed(0, f"timed out ({type(error).__name__})", transient=True)
        except httpx.HTTPError as error:
            return failed(0, f"no whole answer ({type(error).__name__})", transient=True)


class _TooMuch(Exception):
    """An answer is larger than what is read."""


def _bounded(chunks: Iterator[bytes], deadline: float) -> Iterator[bytes]:
    """Pass chunks on while neither their sum nor the time is beyond its bound."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > BODY_LIMIT:
            raise _TooMuch(f"the answer is larger than {BODY_LIMIT:,} bytes")
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("the answer came too slowly")
        yield chunk


def _next_place(raw: Raw, address: httpx.URL) -> httpx.URL | None:
    """Where a redirect leads, if that is the same scheme, host and port; anywhere else it stays a refusal."""
    if raw.status not in REDIRECTS:
        return None
    try:
        target = address.join(raw.headers.get("location", ""))
    except httpx.InvalidURL:
        return None
    same = (target.scheme, target.host, target.port, target.userinfo) == (
        address.scheme,
        address.host,
        address.port,
        b"",
    )
    return target if same else None
