"""What goes wrong on demand. A fault is armed for requests that match; each match uses it up once."""

import re
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from tests.support.forge.exchange import Answer, Request

HTML = b"<!DOCTYPE html>\n<html><head><title>Unicorn!</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"
PRIMARY = "API rate limit exceeded for user ID 1."
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


class Kind(StrEnum):
    """The ways to fail. Those in `BEFORE` keep the request from being performed; the others spoil its answer."""

    STATUS = "status"
    HTML = "html"
    RATE_LIMITED = "rate_limited"
    SECONDARY_RATE_LIMITED = "secondary_rate_limited"
    REDIRECT = "redirect"
    DROP = "drop"
    ANSWER = "answer"
    DELAY = "delay"
    TRUNCATED = "truncated"
    NOT_JSON = "not_json"
    WRONG_SHAPE = "wrong_shape"
    UNKNOWN_VALUE = "unknown_value"
    LOST = "lost"


BEFORE = {
    Kind.STATUS,
    Kind.HTML,
    Kind.RATE_LIMITED,
    Kind.SECONDARY_RATE_LIMITED,
    Kind.REDIRECT,
    Kind.DROP,
    Kind.ANSWER,
}


@dataclass(kw_only=True)
class Fault:
    """One armed fault. `times` None is for ever, `skip` lets that many matches pass first.

    `status`, `html`, `answer`: `status`, `body`, `headers` as given. `delay`: `seconds`, then it is performed.
    `rate_limited`: 403 (or `status`), no quota left, reset in `seconds`; without `seconds` an hour.
    `secondary_rate_limited`: the same with `Retry-After: seconds`, or without that header when `seconds` is 0.
    `redirect`: `status` (302 unless given) to `location`, to which path and query are added if it ends with a slash.
    `drop`: the connection ends unanswered, nothing was done; `lost`: it was done. `truncated`: half of the body.
    `wrong_shape`: the body becomes `body`. `unknown_value`: every field of a name in `values` gets that value.
    """

    kind: Kind
    method: str | None = None
    path: str = ""
    host: str | None = None
    times: int | None = 1
    skip: int = 0
    status: int | None = None
    seconds: float | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    location: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    def matches(self, request: Request) -> bool:
        """Whether it is for this request."""
        return (
            self.method in {None, request.method}
            and self.host in {None, request.host}
            and re.search(self.path, request.path) is not None
        )


@dataclass(kw_only=True)
class Faults:
    """The armed faults, in the order in which they were armed."""

    armed: list[Fault] = field(default_factory=list)

    def arm(self, fault: Fault) -> None:
        """Add one."""
        fault.kind = Kind(fault.kind)
        self.armed.append(fault)

    def take(self, request: Request) -> Fault | None:
        """The first fault for this request, used up once; None when it may pass."""
        for fault in self.armed:
            if not fault.matches(request):
                continue
            if fault.skip:
                fault.skip -= 1
                return None
            if fault.times is not None:
                fault.times -= 1
                if not fault.times:
                    self.armed.remove(fault)
            return fault
        return None

    def as_json(self) -> list[dict[str, Any]]:
        """All armed faults as plain values."""
        return [asdict(fault) for fault in self.armed]


def instead(fault: Fault, request: Request, now: float) -> Answer:
    """The answer to a request that is not performed."""
    match fault.kind:
        case Kind.RATE_LIMITED | Kind.SECONDARY_RATE_LIMITED:
            return limited(fault, request, now)
        case Kind.REDIRECT:
            return Answer(status=fault.status or 302, headers={"Location": _target(fault, request)})
        case Kind.HTML:
            return Answer(status=fault.status or 502, content=HTML, headers={"Content-Type": "text/html"})
        case _:
            content = fault.body if fault.body is not None else {"message": "Server Error"}
            return Answer(status=fault.status or 500, content=content, headers=fault.headers)


def limited(fault: Fault, request: Request, now: float) -> Answer:
    """Out of quota, in the words of the provider that was asked.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
    https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/#response-headers
    """
    seconds = 3600 if fault.seconds is None else int(fault.seconds)
    reset = str(int(now) + seconds)
    if request.path.startswith("/api/v4"):
        headers = {"Retry-After": str(seconds), "RateLimit-Remaining": "0", "RateLimit-Reset": reset}
        return Answer(status=429, content=b"Retry later\n", headers=headers | {"Content-Type": "text/plain"})
    if fault.kind == Kind.RATE_LIMITED:
        headers = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
        return Answer(status=fault.status or 403, content={"message": PRIMARY}, headers=headers)
    headers = {"Retry-After": str(seconds)} if seconds else {}
    return Answer(status=fault.status or 403, content={"message": SECONDARY}, headers=headers)


def spoiled(fault: Fault, answer: Answer) -> Answer:
    """The answer to a request that was performed, made wrong."""
    match fault.kind:
        case Kind.NOT_JSON:
            answer.content = b"{'not': json"
        case Kind.WRONG_SHAPE:
            answer.content = fault.body if fault.body is not None else {"unexpected": True}
        case Kind.UNKNOWN_VALUE:
            answer.content = _with_values(answer.content, fault.values)
        case _:
            pass
    return answer


def _target(fault: Fault, request: Request) -> str:
    if not fault.location.endswith("/"):
        return fault.location
    query = f"?{urlencode(request.query)}" if request.query else ""
    return fault.location.rstrip("/") + request.path + query


def _with_values(content: Any, values: dict[str, Any]) -> Any:
    if isinstance(content, dict):
        return {name: values.get(name, _with_values(value, values)) for name, value in content.items()}
    if isinstance(content, list):
        return [_with_values(value, values) for value in content]
    return content
