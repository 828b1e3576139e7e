"""A request, its answer, pages and routes: the little that each dialect needs of HTTP."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, unquote, urlencode

Json = Any
Context = TypeVar("Context")
Item = TypeVar("Item")


@dataclass(kw_only=True)
class Request:
    """What came in. `path` is as sent (not decoded), `parts` what a route's template named (decoded)."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The host that the client wanted to speak to, with its port."""
        return self.headers.get("host", "")

    def json(self) -> dict[str, Json]:
        """The body as an object: of JSON, or of a form; empty when there is none."""
        if self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(self.body.decode()))
        content = json.loads(self.body) if self.body else {}
        return content if isinstance(content, dict) else {}


@dataclass(kw_only=True)
class Answer:
    """What goes out: `content` becomes JSON unless it is bytes; None sends no body."""

    status: int = 200
    content: Json = None
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """The bytes of the body."""
        if isinstance(self.content, bytes):
            return self.content
        return b"" if self.content is None else json.dumps(self.content).encode()

    def kind(self) -> str:
        """The content type."""
        return self.headers.get("Content-Type", "application/json; charset=utf-8")


class Refused(Exception):
    """A handler's way to answer with an error."""

    def __init__(self, answer: Answer) -> None:
        """Carry the answer."""
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True, kw_only=True)
class Route(Generic[Context]):
    """One endpoint: what a token needs for it, and who answers."""

    method: str
    pattern: re.Pattern[str]
    needs: str
    handle: Callable[[Context, Request], Answer]


class Routes(Generic[Context]):
    """The endpoints of one dialect; used as a decorator."""

    def __init__(self) -> None:
        """Start with none."""
        self.all: list[Route[Context]] = []

    def __call__(
        self, method: str, template: str, needs: str = ""
    ) -> Callable[[Callable[[Context, Request], Answer]], Callable[[Context, Request], Answer]]:
        """Register a handler for a template such as `/pulls/{number}`; `{name:path}` takes slashes too."""
        pattern = re.sub(r"\{(\w+):path\}", r"(?P<\1>.+)", template)
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)

        def registered(handle: Callable[[Context, Request], Answer]) -> Callable[[Context, Request], Answer]:
            self.all.append(Route(method=method, pattern=re.compile(pattern), needs=needs, handle=handle))
            return handle

        return registered

    def find(self, request: Request) -> Route[Context] | None:
        """The route of a request, whose `parts` it fills; None when there is none."""
        for route in self.all:
            found = route.pattern.fullmatch(request.path)
            if found and route.method == request.method:
                request.parts = {name: unquote(part) for name, part in found.groupdict().items()}
                return route
        return None


@dataclass(frozen=True, kw_only=True)
class Page(Generic[Item]):
    """One page of a list. `last` is 1 when the list is empty."""

    items: Sequence[Item]
    number: int
    size: int
    total: int

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // self.size))


def page_of(items: Sequence[Item], request: Request, usual: int) -> Page[Item]:
    """The page that the query's `page` and `per_page` (at most 100, `usual` if not given) ask for."""
    size = min(100, max(1, int(request.query.get("per_page", usual))))
    number = max(1, int(request.query.get("page", 1)))
    first = (number - 1) * size
    return Page(items=items[first : first + size], number=number, size=size, total=len(items))


def links(page: Page[Any], request: Request, address: str) -> str:
    """The `Link` header of a page (RFC 8288), empty when there is only one page."""
    numbers = {"prev": page.number - 1, "next": page.number + 1, "first": 1, "last": page.last}
    wanted = {
        relation: number for relation, number in numbers.items() if 1 <= number <= page.last and number != page.number
    }
    pages = {relation: urlencode(request.query | {"page": number}) for relation, number in wanted.items()}
    return ", ".join(f'<{address}?{query}>; rel="{relation}"' for relation, query in pages.items())
