"""Opening merge requests and making branches, each of them once."""

from http import HTTPStatus
from typing import Final

from gastown.adapters.gitlab.calls import Calls, Failure, Listed
from gastown.adapters.gitlab.instance import project_path
from gastown.adapters.gitlab.shapes import MergeRequestPlace, MergeRequestPlaces
from gastown.domain.pull import HttpError, InvalidResponse, PullOrder, PullRef, Repository

TITLE_LIMIT: Final = 255
ALREADY: Final = "already exists"


def open_pull(calls: Calls, repository: Repository, order: PullOrder) -> PullRef | Failure:
    """`POST /projects/:id/merge_requests`, unless one of the same branches is open.

    Of two that ask at once GitLab lets one through; the other gets 409, and then finds the first one's.
    https://docs.gitlab.com/api/merge_requests/#create-a-merge-request
    """
    found = find_open(calls, repository, order)
    if found is not None:
        return found
    body: dict[str, object] = {
        "source_branch": order.head,
        "target_branch": order.base,
        "title": order.title[:TITLE_LIMIT],
        "description": order.body,
    }
    labels = ",".join(label for label in order.labels if "," not in label)
    if labels:
        body["labels"] = labels
    answer = calls.change("POST", f"{project_path(repository)}/merge_requests", body)
    if isinstance(answer, HttpError):
        return (find_open(calls, repository, order) or answer) if answer.status == HTTPStatus.CONFLICT else answer
    made = calls.shaped(MergeRequestPlace, answer)
    return made if isinstance(made, InvalidResponse) else _reference(repository, made)


def find_open(calls: Calls, repository: Repository, order: PullOrder) -> PullRef | Failure | None:
    """`GET /projects/:id/merge_requests?state=opened`: the open one of these branches, of this project and no fork.

    https://docs.gitlab.com/api/merge_requests/#list-project-merge-requests
    """
    query = {"state": "opened", "source_branch": order.head, "target_branch": order.base}
    listed = calls.pages(MergeRequestPlaces, f"{project_path(repository)}/merge_requests", query)
    if not isinstance(listed, Listed):
        return listed
    own = (each for each in listed.entries if each.source_project_id == each.target_project_id)
    return next((_reference(repository, each) for each in own), None)


def make_branch(calls: Calls, repository: Repository, branch: str, start: str) -> HttpError | None:
    """`POST /projects/:id/repository/branches`; 400 "Branch already exists" is as good as made.

    https://docs.gitlab.com/api/branches/#create-repository-branch
    """
    answer = calls.change("POST", f"{project_path(repository)}/repository/branches", {"branch": branch, "ref": start})
    if not isinstance(answer, HttpError):
        return None
    is_there = answer.status == HTTPStatus.BAD_REQUEST and ALREADY in answer.text.lower()
    return None if is_there else answer


def _reference(repository: Repository, place: MergeRequestPlace) -> PullRef:
    return PullRef(repository=repository, number=place.iid, url=place.web_url)
