"""Reviews and their threads, which only GraphQL tells.

https://docs.github.com/en/graphql/reference/objects#pullrequest names the fields, the enums are
https://docs.github.com/en/graphql/reference/enums#pullrequestreviewdecision and `#mergestatestatus`.
Without a rule that asks for reviews `reviewDecision` is null whatever reviewers say, so their latest opinions are
read as well: somebody who asks for changes is heard.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from gastown.adapters.github.session import Session
from gastown.adapters.http.provider_http import Call
from gastown.adapters.http.refusals import described
from gastown.adapters.http.shapes import Shape, shaped
from gastown.domain.pull import HttpError, InvalidResponse, PullRef, Thread

PAGES: Final = 5
BODY_CHARACTERS: Final = 2_000
"""Of one thread, all its comments together."""
NAME_CHARACTERS: Final = 100
PLACE_CHARACTERS: Final = 300
NOBODY: Final = "ghost"
"""How GitHub shows the author of what a deleted account wrote."""
CHANGES_REQUESTED: Final = "CHANGES_REQUESTED"
QUERY: Final = """\
query PullFeedback($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      headRefOid
      isDraft
      reviewDecision
      mergeStateStatus
      latestOpinionatedReviews(first: 100, writersOnly: true) {
        nodes { state body author { login } commit { oid } }
      }
      reviewThreads(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { isResolved path line comments(first: 5) { nodes { author { login } body } } }
      }
    }
  }
}"""
STATUS_OF_TYPE: Final = {
    "RATE_LIMITED": HTTPStatus.TOO_MANY_REQUESTS,
    "RATE_LIMIT": HTTPStatus.TOO_MANY_REQUESTS,
    "NOT_FOUND": HTTPStatus.NOT_FOUND,
    "FORBIDDEN": HTTPStatus.FORBIDDEN,
    "INSUFFICIENT_SCOPES": HTTPStatus.FORBIDDEN,
}


class Node(Shape):
    """GraphQL's names are in camel case."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)


class Author(Node):
    """Who wrote something."""

    login: str


class Comment(Node):
    """A comment of a thread."""

    body: str
    author: Author | None = None


class Comments(Node):
    """The first comments of a thread."""

    nodes: list[Comment | None] = Field(default_factory=list)


class ReviewThread(Node):
    """A discussion of a line."""

    is_resolved: bool
    comments: Comments
    path: str | None = None
    line: int | None = None


class PageInfo(Node):
    """Whether a list goes on, and from where."""

    has_next_page: bool
    end_cursor: str | None = None


class ReviewThreads(Node):
    """A page of threads."""

    page_info: PageInfo
    nodes: list[ReviewThread | None]


class Commit(Node):
    """What a review was made of."""

    oid: str


class Review(Node):
    """Somebody's latest opinion, and of which head it is."""

    state: str
    body: str = ""
    author: Author | None = None
    commit: Commit | None = None


class Reviews(Node):
    """The latest opinion of each reviewer who may write."""

    nodes: list[Review | None] | None = None


class ReviewedPull(Node):
    """What GraphQL tells of a pull request."""

    head_ref_oid: str
    review_threads: ReviewThreads
    is_draft: bool = False
    review_decision: str | None = None
    merge_state_status: str | None = None
    latest_opinionated_reviews: Reviews | None = None


class FoundRepository(Node):
    """The repository that was asked for."""

    pull_request: ReviewedPull | None = None


class Data(Node):
    """The answer's data; parts that failed are null."""

    repository: FoundRepository | None = None


class Result(Node):
    """A whole answer."""

    data: Data | None = None
    errors: list[dict[str, Any]] = Field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """What reviewers said: the first page's pull request, the open threads of all pages, and what could not be read."""

    pull: ReviewedPull
    threads: tuple[Thread, ...]
    more_threads: bool
    missing: tuple[str, ...]

    @property
    def changes_requested(self) -> bool:
        """By GitHub's decision, or where it makes none, by any reviewer's latest opinion."""
        if self.pull.review_decision is not None:
            return self.pull.review_decision == CHANGES_REQUESTED
        return bool(self._objections())

    def demands(self, head_sha: str) -> tuple[Thread, ...]:
        """What those wrote who ask for changes of this head; what they wrote of another may be done already."""
        if not self.changes_requested:
            return ()
        mine = [one for one in self._objections() if one.commit is not None and one.commit.oid == head_sha]
        return tuple(
            Thread(author=_author(one), body=one.body.strip()[:BODY_CHARACTERS]) for one in mine if one.body.strip()
        )

    def _objections(self) -> list[Review]:
        opinions = self.pull.latest_opinionated_reviews
        nodes = (opinions and opinions.nodes) or []
        return [review for review in nodes if review is not None and review.state == CHANGES_REQUESTED]


def read_reviews(session: Session, pull: PullRef) -> Reviewed | HttpError | InvalidResponse:
    """Read up to 500 threads. What fails on the first page is a refusal, on a later one it is missing."""
    first = _page(session, pull, None)
    if not isinstance(first, tuple):
        return first
    reviewed, said = first
    missing = [f"reviews: {said}"] if said else []
    threads, info = list(_open(reviewed)), reviewed.review_threads.page_info
    for _ in range(PAGES - 1):
        if not info.has_next_page:
            break
        page = _page(session, pull, info.end_cursor)
        if not isinstance(page, tuple):
            missing.append(described("threads", page))
            break
        missing += [f"threads: {page[1]}"] if page[1] else []
        threads += _open(page[0])
        info = page[0].review_threads.page_info
    return Reviewed(pull=reviewed, threads=tuple(threads), more_threads=info.has_next_page, missing=tuple(missing))


def _page(session: Session, pull: PullRef, after: str | None) -> tuple[ReviewedPull, str] | HttpError | InvalidResponse:
    """POST /graphql: the pull request with one page of threads, and the errors that came with it, if any.

    https://docs.github.com/en/graphql/guides/using-pagination-in-the-graphql-api
    """
    variables = {"owner": pull.repository.owner, "name": pull.repository.name, "number": pull.number, "after": after}
    body = {"query": QUERY, "variables": variables}
    answer = session.conversation.send(Call(method="POST", url=session.graphql_url, body=body))
    if isinstance(answer, HttpError):
        return answer
    result = shaped(session.conversation.provider, Result, answer.body)
    if isinstance(result, InvalidResponse):
        return result
    found = result.data and result.data.repository and result.data.repository.pull_request
    if found:
        return found, session.conversation.quoted(result.errors)
    return _refused(session, result, answer.headers)


def _refused(session: Session, result: Result, headers: Mapping[str, str]) -> HttpError | InvalidResponse:
    """An answer without a pull request. GraphQL refuses with status 200; the error's type says what it means.

    https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api: a limit is 200 with an
    error and `x-ratelimit-remaining: 0`. An error without type is GitHub's own trouble; one with a code is our query.
    """
    if not result.errors:
        keys = tuple(sorted(result.model_fields_set))
        return InvalidResponse(provider=session.conversation.provider, reason="schema_mismatch", keys=keys)
    error = result.errors[0]
    unknown = HTTPStatus.UNPROCESSABLE_ENTITY if error.get("extensions") else HTTPStatus.BAD_GATEWAY
    status = STATUS_OF_TYPE.get(str(error.get("type")), unknown)
    return session.conversation.refused(int(status), headers, result.errors)


def _open(pull: ReviewedPull) -> list[Thread]:
    """The threads of a page that nobody resolved."""
    threads = [thread for thread in pull.review_threads.nodes if thread is not None and not thread.is_resolved]
    return [_thread(thread) for thread in threads]


def _thread(thread: ReviewThread) -> Thread:
    comments = [comment for comment in thread.comments.nodes if comment is not None]
    place = f"{thread.path}:{thread.line}" if thread.path and thread.line else thread.path
    return Thread(
        author=_author(comments[0]) if comments else NOBODY,
        body="\n".join(f"{_author(comment)}: {comment.body}" for comment in comments)[:BODY_CHARACTERS],
        place=place and place[:PLACE_CHARACTERS],
    )


def _author(comment: Comment | Review) -> str:
    return comment.author.login[:NAME_CHARACTERS] if comment.author else NOBODY
