"""Opening pull requests and making branches, each once."""

from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlencode

from pydantic import RootModel

from gastown.adapters.github.pulls import Side
from gastown.adapters.github.session import Session
from gastown.adapters.http.shapes import Shape
from gastown.domain.pull import HttpError, InvalidResponse, PullOrder, PullRef

EXISTS: Final = "already exists"
"""GitHub: "A pull request already exists for acme:work.", "Reference already exists"."""


class Listed(Shape):
    """A pull request in a list, or one that was just opened."""

    number: int
    html_url: str
    head: Side
    base: Side


class Found(RootModel[tuple[Listed, ...]]):
    """A page of pull requests."""


class Target(Shape):
    """What a reference points at."""

    sha: str


class Reference(Shape):
    """A branch."""

    object: Target


def open_once(session: Session, order: PullOrder) -> PullRef | HttpError | InvalidResponse:
    """Find the open pull request of these branches, else open it; then label it, if that works.

    https://docs.github.com/en/rest/pulls/pulls#create-a-pull-request: 422 for one that is there already.
    https://docs.github.com/en/rest/issues/labels#add-labels-to-an-issue adds to the labels that are there.
    """
    opened = _find(session, order)
    if opened is None:
        opened = _open(session, order)
    if isinstance(opened, PullRef) and order.labels:
        session.tell("POST", f"issues/{opened.number}/labels", {"labels": list(order.labels)})
    return opened


def make_branch_once(session: Session, branch: str, start: str) -> HttpError | InvalidResponse | None:
    """Make a branch at the head of `start`; one that is there already is left as it is.

    https://docs.github.com/en/rest/git/refs#get-a-reference and `#create-a-reference`, 422 "Reference already exists".
    """
    head = session.fetch(Reference, "GET", f"git/ref/heads/{quote(start)}")
    if not isinstance(head, Reference):
        return head
    refusal = session.tell("POST", "git/refs", {"ref": f"refs/heads/{branch}", "sha": head.object.sha})
    return None if refusal is not None and _says_exists(refusal) else refusal


def _open(session: Session, order: PullOrder) -> PullRef | HttpError | InvalidResponse:
    body = {"title": order.title, "body": order.body, "head": order.head, "base": order.base}
    answer = session.fetch(Listed, "POST", "pulls", body)
    if isinstance(answer, HttpError) and _says_exists(answer):
        return _find(session, order) or answer
    return _as_ref(session, answer) if isinstance(answer, Listed) else answer


def _find(session: Session, order: PullOrder) -> PullRef | HttpError | InvalidResponse | None:
    """The open pull request of these two branches. GitHub ignores a filter that it cannot read, so it is checked.

    https://docs.github.com/en/rest/pulls/pulls#list-pull-requests: `head` is `user:ref-name`.
    """
    wanted = {"state": "open", "head": f"{session.repository.owner}:{order.head}", "base": order.base}
    answer = session.fetch(Found, "GET", f"pulls?{urlencode(wanted)}")
    if not isinstance(answer, Found):
        return answer
    branches = (order.head, order.base)
    same = [pull for pull in answer.root if (pull.head.ref, pull.base.ref) == branches]
    return _as_ref(session, same[0]) if same else None


def _as_ref(session: Session, pull: Listed) -> PullRef:
    return PullRef(repository=session.repository, number=pull.number, url=pull.html_url)


def _says_exists(refusal: HttpError) -> bool:
    return refusal.status == HTTPStatus.UNPROCESSABLE_ENTITY and EXISTS in refusal.text.lower()
