"""A merge request as GitLab shows it, read into the house's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gastown.adapters.gitlab.answers import NOT_MODIFIED, Answer, Failure, misshapen
from gastown.adapters.gitlab.client import Conversation
from gastown.adapters.gitlab.instance import project_path
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
KEPT: Final = (
    "state",
    "sha",
    "source_branch",
    "target_branch",
    "title",
    "draft",
    "work_in_progress",
    "merge_commit_sha",
    "squash_commit_sha",
    "merge_status",
    "detailed_merge_status",
    "has_conflicts",
)
"""The fields that are read as they are, and kept beside the answer's tag."""

NEEDED: Final = ("state", "source_branch", "target_branch")
TEXTS: Final = frozenset(KEPT) - {"draft", "work_in_progress", "has_conflicts"}


@dataclass(frozen=True, kw_only=True)
class MergeRequest:
    """The few fields of a merge request that are read, each as GitLab calls it."""

    fields: Mapping[str, Any]

    @property
    def state(self) -> PullState:
        """The same in the words of the house."""
        status = _status(self.fields["state"])
        return PullState(
            status=status,
            head_sha=self.fields.get("sha"),
            head_branch=self.fields.get("source_branch"),
            base_branch=self.fields.get("target_branch"),
            title=self.fields.get("title"),
            merge_commit_sha=landed_as(self.fields) if status is PullStatus.MERGED else None,
            mergeability=mergeability(self.word, has_conflicts=bool(self.fields.get("has_conflicts"))),
            merge_state=self.word,
            is_draft=bool(self.fields.get("draft", self.fields.get("work_in_progress"))),
        )

    @property
    def word(self) -> str:
        """GitLab's word for whether it can be merged; before 15.6 there is only `merge_status`."""
        return self.fields.get("detailed_merge_status") or self.fields.get("merge_status") or ""

    @property
    def explains_itself(self) -> bool:
        """Whether the instance names what holds a merge back (GitLab 15.6 and later)."""
        return bool(self.fields.get("detailed_merge_status"))

    @property
    def has_reviewers(self) -> bool:
        """Whether somebody was asked to review; true if the instance does not say."""
        return bool(self.fields.get("has_reviewers", True))

    @property
    def pipeline(self) -> tuple[str, str] | None:
        """The head pipeline's id and status."""
        found = self.fields.get("pipeline")
        return (str(found[0]), str(found[1])) if found else None


def merge_request_path(pull: PullRef) -> str:
    """A merge request's place in the API, by its number within its project (`iid`)."""
    return f"{project_path(pull.repository)}/merge_requests/{pull.number}"


def read_merge_request(call: Conversation, pull: PullRef) -> MergeRequest | Failure:
    """`GET /projects/:id/merge_requests/:iid`, by its tag if an earlier answer is remembered.

    https://docs.gitlab.com/api/merge_requests/#retrieve-a-merge-request
    Tags are not documented for the REST API; GitLab's web layer sends them (weak ones) and answers 304. They save bytes
    rather than quota, and an instance or proxy without them is simply read again.
    """
    path = merge_request_path(pull)
    memory, address = call.access.memory, call.address(path)
    known = memory.recall(address)
    answer = call.get(path, tag=known[0] if known else "")
    if not isinstance(answer, Answer):
        return answer
    if answer.status == NOT_MODIFIED:
        return MergeRequest(fields=known[1]) if known else misshapen(None)
    kept = _kept(answer.body)
    if kept is None:
        return misshapen(answer.body)
    tag = answer.headers.get("etag", "")
    if tag:
        memory.remember(address, tag, kept)
    return MergeRequest(fields=kept)


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


def landed_as(fields: Mapping[str, Any]) -> str | None:
    """The commit on the target branch: the merge, else the squashed one, else (fast-forward) the head itself."""
    return fields.get("merge_commit_sha") or fields.get("squash_commit_sha") or fields.get("sha")


def _status(state: str) -> PullStatus:
    """`merged` and `closed`; `opened`, `locked` (while it is being merged) and unknown words are open."""
    return {"merged": PullStatus.MERGED, "closed": PullStatus.CLOSED}.get(state, PullStatus.OPEN)


def _kept(body: Any) -> dict[str, object] | None:
    """The fields that are read, or none if the body is not a merge request's."""
    if not isinstance(body, dict) or not all(isinstance(body.get(name), str) for name in NEEDED):
        return None
    if any(not isinstance(body.get(name), str | None) for name in TEXTS):
        return None
    kept: dict[str, object] = {name: body[name] for name in KEPT if name in body}
    if isinstance(body.get("reviewers"), list):
        kept["has_reviewers"] = bool(body["reviewers"])
    pipeline = body.get("head_pipeline")
    if isinstance(pipeline, dict) and _is_of_head(pipeline, body):
        kept["pipeline"] = [str(pipeline.get("id", "")), str(pipeline.get("status", ""))]
    return kept


def _is_of_head(pipeline: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether a pipeline ran for this head; one of the merged result has a commit and a ref of its own.

    After a push `head_pipeline` is the one of the commit before, until there is a new one.
    https://docs.gitlab.com/ci/pipelines/merged_results_pipelines/
    """
    return pipeline.get("sha") == body.get("sha") or str(pipeline.get("ref", "")).startswith("refs/merge-requests/")
