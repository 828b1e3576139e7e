"""The calls for one question to one GitLab instance, on the floor that providers share (`adapters/http`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import httpx
from pydantic import RootModel

from gastown.adapters.http.provider_http import Answer, Call, Conversation, ProviderHttp
from gastown.adapters.http.reading import fetch, look_up
from gastown.adapters.http.shapes import M, shaped
from gastown.domain.pull import HttpError, InvalidResponse
from gastown.ports.git_host import Access, ResponseMemory

PAGE_SIZE: Final = 100
MOST_PAGES: Final = 5

Failure = HttpError | InvalidResponse
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Listed(Generic[T]):
    """The entries of a list that were read, and whether there are more."""

    entries: tuple[T, ...]
    has_more: bool


@dataclass(frozen=True, kw_only=True)
class Calls:
    """A conversation with the API at `api`."""

    conversation: Conversation
    api: str
    memory: ResponseMemory

    def get(self, model: type[M], path: str) -> M | Failure:
        """Ask for a thing."""
        return fetch(self.conversation, model, Call(method="GET", url=self.api + path))

    def get_if_changed(self, model: type[M], path: str) -> M | Failure:
        """Ask for a thing by the tag of its last answer.

        Tags are not documented for the REST API (https://docs.gitlab.com/development/polling is about GitLab's own
        pages), but its web layer sends weak ones and answers 304. They save bytes, not quota; an instance or a proxy
        without them is simply read again.
        """
        return look_up(self.conversation, model, self.api + path, self.memory)

    def change(self, method: str, path: str, body: Mapping[str, object]) -> Answer | HttpError:
        """Change a thing."""
        return self.conversation.send(Call(method=method, url=self.api + path, body=body))

    def shaped(self, model: type[M], answer: Answer) -> M | InvalidResponse:
        """Read what came back of a change."""
        return shaped(self.conversation.provider, model, answer.body)

    def pages(
        self, model: type[RootModel[tuple[T, ...]]], path: str, query: Mapping[str, str] | None = None
    ) -> Listed[T] | Failure:
        """Read a list, at most 5 pages of 100.

        Pages are counted here rather than followed by `Link`, which could name any host; `x-next-page` says whether
        there is one more, and without it a full page is taken to have a successor.
        https://docs.gitlab.com/api/rest/#offset-based-pagination
        """
        entries: list[T] = []
        for page in range(1, MOST_PAGES + 1):
            asked = {**(query or {}), "per_page": str(PAGE_SIZE), "page": str(page)}
            answer = self.conversation.send(Call(method="GET", url=str(httpx.URL(self.api + path, params=asked))))
            if isinstance(answer, HttpError):
                return answer
            found = self.shaped(model, answer)
            if isinstance(found, InvalidResponse):
                return found
            entries.extend(found.root)
            if not _has_next(answer, len(found.root)):
                return Listed(entries=tuple(entries), has_more=False)
        return Listed(entries=tuple(entries), has_more=True)


def begin(http: ProviderHttp, api: str, access: Access) -> Calls:
    """Begin the calls of one method of the port.

    The token travels as `Authorization: Bearer`, which REST v4 takes for OAuth tokens and, as "OAuth-compliant
    headers", for personal, project and group access tokens too, so that nobody has to guess its kind:
    https://docs.gitlab.com/api/rest/authentication/#personalprojectgroup-access-tokens
    """
    headers = {"authorization": f"Bearer {access.token}", "accept": "application/json"}
    return Calls(conversation=http.converse(access.token, headers), api=api, memory=access.memory)


def _has_next(answer: Answer, found: int) -> bool:
    """Whether a page has a successor: some lists say so, and those that do not are tried."""
    told = answer.headers.get("x-next-page")
    return found >= PAGE_SIZE if told is None else bool(told.strip())
