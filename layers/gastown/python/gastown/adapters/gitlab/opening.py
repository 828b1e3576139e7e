"""Opening merge requests and making branches, each of them once."""

from typing import Any, Final

from gastown.adapters.gitlab.answers import Answer, Failure, misshapen
from gastown.adapters.gitlab.client import Conversation, Listed
from gastown.adapters.gitlab.instance import project_path
from gastown.domain.pull import HttpError, PullOrder, PullRef, Repository

TITLE_LIMIT: Final = 255
ALREADY: Final = "already exists"
BAD_REQUEST: Final = 400
CONFLICT: Final = 409


def open_pull(call: Conversation, repository: Repository, order: PullOrder) -> PullRef | Failure:
    """`POST /projects/:id/merge_requests`, unless one of the same branches is open.

    Two that ask at once are told apart by GitLab: the second gets 409, and then finds the first one's.
    https://docs.gitlab.com/api/merge_requests/#create-a-merge-request
    """
    found = find_open(call, repository, order)
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
    answer = call.send("POST", f"{project_path(repository)}/merge_requests", body)
    if isinstance(answer, HttpError) and answer.status == CONFLICT:
        return find_open(call, repository, order) or answer
    if not isinstance(answer, Answer):
        return answer
    return _reference(repository, answer.body)


def find_open(call: Conversation, repository: Repository, order: PullOrder) -> PullRef | Failure | None:
    """`GET /projects/:id/merge_requests?state=opened`: the open one of these branches, of this project and no fork.

    https://docs.gitlab.com/api/merge_requests/#list-project-merge-requests
    """
    query = {"state": "opened", "source_branch": order.head, "target_branch": order.base}
    listed = call.pages(f"{project_path(repository)}/merge_requests", query)
    if not isinstance(listed, Listed):
        return listed
    for entry in listed.entries:
        if entry.get("source_project_id") == entry.get("target_project_id"):
            return _reference(repository, entry)
    return None


def make_branch(call: Conversation, repository: Repository, branch: str, start: str) -> Failure | None:
    """`POST /projects/:id/repository/branches`; 400 "Branch already exists" is as good as made.

    https://docs.gitlab.com/api/branches/#create-repository-branch
    """
    answer = call.send("POST", f"{project_path(repository)}/repository/branches", {"branch": branch, "ref": start})
    if isinstance(answer, Answer):
        return None
    if isinstance(answer, HttpError) and answer.status == BAD_REQUEST and ALREADY in answer.text.lower():
        return None
    return answer


def _reference(repository: Repository, body: Any) -> PullRef | Failure:
    """Name a merge request by its number within the project (`iid`, not `id`) and its page."""
    if not isinstance(body, dict) or not isinstance(body.get("iid"), int) or not isinstance(body.get("web_url"), str):
        return misshapen(body)
    return PullRef(repository=repository, number=body["iid"], url=body["web_url"])
