"""A merge request in the words of the house."""

from typing import Final

from gastown.adapters.gitlab.calls import Calls, Failure
from gastown.adapters.gitlab.instance import project_path
from gastown.adapters.gitlab.shapes import MergeRequest
from gastown.domain.pull import Mergeability, PullRef, PullState, PullStatus

CLEAN: Final = frozenset({"mergeable", "can_be_merged"})
CONFLICT: Final = frozenset({"conflict", "broken_status", "cannot_be_merged"})
COMPUTING: Final = frozenset(
    {
        "checking",
        "unchecked",
        "preparing",
        "approvals_syncing",
        "cannot_be_merged_recheck",
        "cannot_be_merged_rechecking",
    }
)
BLOCKED: Final = frozenset(
    {
        "blocked_status",
        "ci_must_pass",
        "ci_still_running",
        "commits_status",
        "discussions_not_resolved",
        "draft_status",
        "external_status_checks",
        "jira_association_missing",
        "locked_lfs_files",
        "locked_paths",
        "merge_request_blocked",
        "merge_time",
        "not_approved",
        "not_open",
        "policies_denied",
        "requested_changes",
        "security_policy_violations",
        "status_checks_must_pass",
        "title_regex",
    }
)


def merge_request_path(pull: PullRef) -> str:
    """A merge request's place in the API, by its number within its project (`iid`)."""
    return f"{project_path(pull.repository)}/merge_requests/{pull.number}"


def read_merge_request(calls: Calls, pull: PullRef) -> MergeRequest | Failure:
    """`GET /projects/:id/merge_requests/:iid`, by its tag if an earlier answer is remembered.

    https://docs.gitlab.com/api/merge_requests/#retrieve-a-merge-request
    """
    return calls.get_if_changed(MergeRequest, merge_request_path(pull))


def state_of(request: MergeRequest) -> PullState:
    """What a merge request is; every state but `merged` and `closed` is open, also `locked`, while it is merged."""
    status = {"merged": PullStatus.MERGED, "closed": PullStatus.CLOSED}.get(request.state, PullStatus.OPEN)
    return PullState(
        status=status,
        head_sha=request.sha,
        head_branch=request.source_branch,
        base_branch=request.target_branch,
        title=request.title,
        merge_commit_sha=request.landed_as if status is PullStatus.MERGED else None,
        mergeability=mergeability(request.word, has_conflicts=bool(request.has_conflicts)),
        merge_state=request.word,
        is_draft=bool(request.work_in_progress if request.draft is None else request.draft),
        is_fork=request.source_project_id != request.target_project_id,
    )


def mergeability(word: str, *, has_conflicts: bool = False) -> Mergeability:
    """What a `detailed_merge_status` or `merge_status` says of a merge now.

    GitLab names one hindrance, the first that it finds, so an open thread can stand before a conflict: `has_conflicts`
    decides. `need_rebase` and words that nobody documented are `other`, and block.
    https://docs.gitlab.com/api/merge_requests/#merge-status
    """
    if has_conflicts or word in CONFLICT:
        return Mergeability.CONFLICT
    for words, meaning in (
        (CLEAN, Mergeability.CLEAN),
        (COMPUTING, Mergeability.COMPUTING),
        (BLOCKED, Mergeability.BLOCKED),
    ):
        if word in words:
            return meaning
    return Mergeability.OTHER
