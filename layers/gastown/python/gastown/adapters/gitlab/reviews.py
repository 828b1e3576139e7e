"""What people say of a merge request: discussions, approvals, and reviewers who want changes."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from gastown.adapters.gitlab.calls import Calls, Failure, Listed
from gastown.adapters.gitlab.merge_request import merge_request_path
from gastown.adapters.gitlab.shapes import Approvals, Discussions, MergeRequest, Note, Position, Reviewers
from gastown.domain.pull import HttpError, InvalidResponse, PullRef, Thread

MOST_THREADS: Final = 100
NOTES_READ: Final = 5
BODY_LIMIT: Final = 2_000
NO_APPROVALS: Final = Approvals()


@dataclass(frozen=True, kw_only=True)
class Threads:
    """Unresolved discussions, and whether there are more than were read."""

    threads: tuple[Thread, ...] = ()
    has_more: bool = False


def read_threads(calls: Calls, pull: PullRef) -> Threads | Failure:
    """`GET …/merge_requests/:iid/discussions`: those with a note that can be resolved and is not.

    Plain comments cannot be resolved, and GitLab's own notes (`system`) say nothing; neither is a thread.
    https://docs.gitlab.com/api/discussions/#list-all-merge-request-discussion-items
    """
    listed = calls.pages(Discussions, f"{merge_request_path(pull)}/discussions")
    if not isinstance(listed, Listed):
        return listed
    unresolved = [each.notes for each in listed.entries if any(_is_unresolved(note) for note in each.notes)]
    threads = tuple(_thread([note for note in notes if not note.system]) for notes in unresolved[:MOST_THREADS])
    return Threads(threads=threads, has_more=listed.has_more or len(unresolved) > MOST_THREADS)


def read_approvals(calls: Calls, pull: PullRef, request: MergeRequest) -> Approvals | Failure:
    """`GET …/merge_requests/:iid/approvals`: `approvals_left` is what the rules still want.

    The page says Premium, but every edition answers. Rules are Premium's: without them there is no `approvals_left`,
    and `approved` then only says whether somebody approved, so it is never read as a demand. Instances that know no
    approvals answer 404, and 403 is believed as "none" where the merge request itself would say `not_approved`.
    https://docs.gitlab.com/api/merge_request_approvals/#retrieve-approval-state-for-a-merge-request
    """
    found = calls.get(Approvals, f"{merge_request_path(pull)}/approvals")
    if isinstance(found, HttpError) and _has_none(found, request):
        return NO_APPROVALS
    return found


def read_changes_requested(calls: Calls, pull: PullRef, request: MergeRequest) -> bool | Failure:
    """`GET …/merge_requests/:iid/reviewers`: whether one of them is in state `requested_changes`.

    It is not asked for if there are no reviewers. Instances before 15.3 answer 404: they have no such state.
    https://docs.gitlab.com/api/merge_requests/#retrieve-merge-request-reviewers
    """
    if request.reviewers == ():
        return False
    found = calls.get(Reviewers, f"{merge_request_path(pull)}/reviewers")
    if isinstance(found, HttpError):
        return False if found.status == HTTPStatus.NOT_FOUND else found
    if isinstance(found, InvalidResponse):
        return found
    return any(reviewer.state == "requested_changes" for reviewer in found.root)


def _has_none(error: HttpError, request: MergeRequest) -> bool:
    """Whether an instance has no approvals, rather than hides them from this token."""
    if error.status == HTTPStatus.FORBIDDEN:
        return not error.transient and request.detailed_merge_status is not None
    return error.status == HTTPStatus.NOT_FOUND


def _is_unresolved(note: Note) -> bool:
    return bool(note.resolvable) and not note.resolved and not note.system


def _thread(notes: list[Note]) -> Thread:
    """The first notes of a discussion as one text, under the name of who began it."""
    said = "\n\n".join(f"{_author(note)}: {note.body or ''}" for note in notes[:NOTES_READ])
    return Thread(author=_author(notes[0]), body=said[:BODY_LIMIT], place=_place(notes[0].position))


def _author(note: Note) -> str:
    return (note.author.username if note.author else None) or "unknown"


def _place(position: Position | None) -> str | None:
    """File and line of a note on a diff: the new side, else the old one."""
    if position is None:
        return None
    path, line = position.new_path or position.old_path, position.new_line or position.old_line
    return f"{path}:{line}" if path and line else path
