"""Calls to a provider: bounded in seconds, bytes and redirects, with the token in a header and nowhere else.

`ProviderHttp` is one connection pool a process. A `Conversation` is made for each method of the port: it holds the
token, and all its calls together have 20 seconds, so that an effect ends before its function does.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Final

import httpx

from gastown.adapters.http.refusals import quoted, refused, said, unanswered
from gastown.domain.pull import HttpError, Provider

if TYPE_CHECKING:
    from gastown.ports.clock import Clock

CONNECT_SECONDS: Final = 2.0
READ_SECONDS: Final = 8.0
CONVERSATION_SECONDS: Final = 20.0
ANSWER_BYTES: Final = 3_000_000
REDIRECTS: Final = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)
USER_AGENT: Final = "gastown-aws"
TIMED_OUT: Final = "no answer in time"
NO_ADDRESS: Final = "the configured address is not a web address"
TOO_LARGE: Final = "the answer is larger than 3 MB"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back: a success, or 304 to a call that was made on a condition. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request. `body` is sent as JSON, `form` as a form; `tag` asks for the answer only if it is another."""

    method: str
    url: str
    body: Mapping[str, object] | None = None
    form: Mapping[str, str] | None = None
    tag: str | None = None


class ProviderHttp:
    """A provider's connections, made on first use."""

    def __init__(
        self,
        *,
        provider: Provider,
        clock: "Clock",
        transport: httpx.BaseTransport | None = None,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep whom to talk to; `elapsed` gives seconds since any fixed moment."""
        self.provider, self.clock, self.elapsed = provider, clock, elapsed
        self._transport = transport

    @cached_property
    def client(self) -> httpx.Client:
        """The pool; it follows nothing by itself, and keeps no cookie: the next call may be for another town."""
        return httpx.Client(
            transport=self._transport,
            follow_redirects=False,
            headers={"user-agent": USER_AGENT},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )

    def close(self) -> None:
        """Close the pool."""
        self.client.close()

    def converse(self, secret: str, headers: Mapping[str, str]) -> "Conversation":
        """Begin the calls of one method of the port; `headers` say who is calling, `secret` is what nobody may read."""
        return Conversation(self, secret, headers)


class Conversation:
    """The calls of one method of the port, with one token and one allowance of time."""

    def __init__(self, http: ProviderHttp, secret: str, headers: Mapping[str, str]) -> None:
        """Start the clock."""
        self._http, self._secret, self._headers = http, secret, headers
        self._ends = http.elapsed() + CONVERSATION_SECONDS

    @property
    def provider(self) -> Provider:
        """Whom we talk to."""
        return self._http.provider

    def refused(self, status: int, headers: Mapping[str, str], said: object) -> HttpError:
        """A refusal that a provider put into the body of a success, as GraphQL does."""
        return refused(self.provider, status, headers, self.quoted(said), self._http.clock.now())

    def quoted(self, said: object) -> str:
        """What a provider says, in one line without the token."""
        return quoted(said, self._secret)

    def send(self, call: Call) -> Answer | HttpError:
        """Make a call. A redirect within the same host is followed once; another host never hears of us."""
        if not self._is_sendable():
            status = int(HTTPStatus.UNAUTHORIZED)
            return HttpError(provider=self.provider, status=status, text="the token is malformed", transient=False)
        try:
            origin = httpx.URL(call.url)
        except httpx.InvalidURL:
            return unanswered(self.provider, NO_ADDRESS, transient=False)
        answer = self._ask(call, origin)
        if isinstance(answer, HttpError) or answer.status not in REDIRECTS:
            return self._judged(answer, call)
        target = _target(origin, answer.headers.get("location", ""))
        if isinstance(target, str):
            return HttpError(provider=self.provider, status=answer.status, text=target, transient=False)
        return self._judged(self._ask(call, target), call)

    def _is_sendable(self) -> bool:
        """Whether the secret can stand in a header: what cannot would be shown by the error of whoever tries."""
        return bool(self._secret) and self._secret.isascii() and self._secret.isprintable() and " " not in self._secret

    def _judged(self, answer: Answer | HttpError, call: Call) -> Answer | HttpError:
        if isinstance(answer, HttpError):
            return answer
        if HTTPStatus(200) <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return answer
        if answer.status == HTTPStatus.NOT_MODIFIED and call.tag is not None:
            return answer
        text = said(answer.body, answer.status, self._secret)
        return refused(self.provider, answer.status, answer.headers, text, self._http.clock.now())

    def _ask(self, call: Call, url: httpx.URL) -> Answer | HttpError:
        left = self._ends - self._http.elapsed()
        if left <= 0:
            return unanswered(self.provider, TIMED_OUT)
        headers = dict(self._headers) | ({} if call.tag is None else {"if-none-match": call.tag})
        timeout = httpx.Timeout(min(READ_SECONDS, left), connect=min(CONNECT_SECONDS, left))
        body = None if call.body is None else dict(call.body)
        form = None if call.form is None else dict(call.form)
        stream = self._http.client.stream
        try:
            with stream(call.method, url, headers=headers, json=body, data=form, timeout=timeout) as response:
                return self._read(response)
        except httpx.UnsupportedProtocol:
            return unanswered(self.provider, NO_ADDRESS, transient=False)
        except httpx.TimeoutException:
            return unanswered(self.provider, TIMED_OUT)
        except httpx.HTTPError as error:
            return unanswered(self.provider, f"no whole answer: {type(error).__name__}")

    def _read(self, response: httpx.Response) -> Answer | HttpError:
        """The body, as far as bytes and seconds allow; a success that does not fit is none."""
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if self._http.elapsed() > self._ends:
                return unanswered(self.provider, TIMED_OUT)
            if len(body) > ANSWER_BYTES:
                return unanswered(self.provider, TOO_LARGE)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(status=response.status_code, headers=headers, body=bytes(body))


def _target(origin: httpx.URL, location: str) -> httpx.URL | str:
    """Where a redirect leads, or why it is not followed. httpx has refused already what is no address."""
    target = origin.join(location).copy_with(userinfo=b"")
    if (target.scheme, target.host, target.port) != (origin.scheme, origin.host, origin.port):
        return f"a redirect to another host was not followed: {target.host[:100]}"
    return target
