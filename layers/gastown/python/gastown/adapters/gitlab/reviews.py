"""What people say of a merge request: discussions, approvals, and reviewers who want changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gastown.adapters.gitlab.answers import Answer, Failure, misshapen
from gastown.adapters.gitlab.client import Conversation, Listed
from gastown.adapters.gitlab.merge_request import MergeRequest, merge_request_path
from gastown.domain.pull import HttpError, PullRef, Thread

MOST_THREADS: Final = 100
NOTES_READ: Final = 5
BODY_LIMIT: Final = 2_000
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404


@dataclass(frozen=True, kw_only=True)
class Threads:
    """Unresolved discussions, and whether there are more than were read."""

    threads: tuple[Thread, ...]
    has_more: bool


@dataclass(frozen=True, kw_only=True)
class Approvals:
    """How many approvals the rules still want, and whether anybody gave one."""

    left: int = 0
    any_given: bool = False


def read_threads(call: Conversation, pull: PullRef) -> Threads | Failure:
    """`GET …/merge_requests/:iid/discussions`: those with a note that can be resolved and is not.

    Plain comments cannot be resolved, and GitLab's own notes (`system`) say nothing; neither is a thread.
    https://docs.gitlab.com/api/discussions/#list-project-merge-request-discussion-items
    """
    listed = call.pages(f"{merge_request_path(pull)}/discussions")
    if not isinstance(listed, Listed):
        return listed
    found: list[Thread] = []
    for discussion in listed.entries:
        notes = discussion.get("notes")
        if not isinstance(notes, list) or not all(isinstance(note, dict) for note in notes):
            return misshapen(discussion)
        if any(_is_open(note) for note in notes):
            found.append(_thread([note for note in notes if not note.get("system")]))
    has_more = listed.has_more or len(found) > MOST_THREADS
    return Threads(threads=tuple(found[:MOST_THREADS]), has_more=has_more)


def read_approvals(call: Conversation, pull: PullRef, request: MergeRequest) -> Approvals | Failure:
    """`GET …/merge_requests/:iid/approvals`: `approvals_left` is what the rules still want.

    The page says Premium, but every edition answers. Rules are Premium's: without them there is no `approvals_left`,
    and `approved` then only says whether somebody approved, so it is never read as a demand. Editions that know no
    approvals answer 404, and 403 is believed as "none" where the merge request itself would say `not_approved`.
    https://docs.gitlab.com/api/merge_request_approvals/#retrieve-approval-state-for-a-merge-request
    """
    answer = call.get(f"{merge_request_path(pull)}/approvals")
    if isinstance(answer, HttpError) and _is_absent(answer, request):
        return Approvals()
    if not isinstance(answer, Answer):
        return answer
    body = answer.body
    left = body.get("approvals_left") if isinstance(body, dict) else ""
    if not isinstance(left, int | None):
        return misshapen(body)
    return Approvals(left=left or 0, any_given=bool(body.get("approved_by")))


def read_changes_requested(call: Conversation, pull: PullRef, request: MergeRequest) -> bool | Failure:
    """`GET …/merge_requests/:iid/reviewers`: whether one of them is in state `requested_changes`.

    Nobody is asked if the merge request has no reviewers. Instances before 15.3 answer 404: there is no such state.
    https://docs.gitlab.com/api/merge_requests/#list-all-reviewers-for-a-merge-request
    """
    if not request.has_reviewers:
        return False
    answer = call.get(f"{merge_request_path(pull)}/reviewers")
    if isinstance(answer, HttpError) and answer.status == NOT_FOUND:
        return False
    if not isinstance(answer, Answer):
        return answer
    if not isinstance(answer.body, list) or not all(isinstance(each, dict) for each in answer.body):
        return misshapen(answer.body)
    return any(each.get("state") == "requested_changes" for each in answer.body)


def _is_absent(error: HttpError, request: MergeRequest) -> bool:
    """Whether an instance has no approvals, rather than hides them from this token."""
    return error.status == NOT_FOUND or (error.status == FORBIDDEN and request.explains_itself)


def _is_open(note: Mapping[str, Any]) -> bool:
    """Whether a note waits to be resolved; one that does not say that it is resolved is not."""
    return bool(note.get("resolvable")) and not note.get("resolved") and not note.get("system")


def _thread(notes: list[Mapping[str, Any]]) -> Thread:
    """The first notes of a discussion as one text, under the name of who began it."""
    said = "\n\n".join(str(note.get("body") or "") for note in notes[:NOTES_READ])
    author = notes[0].get("author")
    name = author.get("username") if isinstance(author, dict) else None
    return Thread(author=str(name or "unknown"), body=said[:BODY_LIMIT], place=_place(notes[0].get("position")))


def _place(position: object) -> str | None:
    """File and line of a note on a diff: the new side, else the old one."""
    if not isinstance(position, dict):
        return None
    path = position.get("new_path") or position.get("old_path")
    line = position.get("new_line") or position.get("old_line")
    return f"{path}:{line}" if path and line else path
