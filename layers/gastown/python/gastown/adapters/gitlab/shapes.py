"""What is read of GitLab's answers, each field by the name that its page gives it."""

from pydantic import RootModel

from gastown.adapters.http.shapes import Shape


class Pipeline(Shape):
    """https://docs.gitlab.com/api/merge_requests/#retrieve-a-merge-request, `head_pipeline`."""

    id: int
    status: str
    sha: str | None = None
    ref: str | None = None


class MergeRequest(Shape):
    """https://docs.gitlab.com/api/merge_requests/#retrieve-a-merge-request."""

    state: str
    source_branch: str
    source_project_id: int | None = None
    target_project_id: int | None = None
    target_branch: str
    sha: str | None
    title: str | None = None
    draft: bool | None = None
    work_in_progress: bool | None = None
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None
    merge_status: str | None = None
    detailed_merge_status: str | None = None
    has_conflicts: bool | None = None
    reviewers: tuple[Shape, ...] | None = None
    head_pipeline: Pipeline | None = None

    @property
    def word(self) -> str:
        """GitLab's word for whether it can be merged; before 15.6 there is only `merge_status`."""
        return self.detailed_merge_status or self.merge_status or ""

    @property
    def landed_as(self) -> str | None:
        """The commit on the target branch: the merge, else the squashed one, else (fast-forward) the head itself."""
        return self.merge_commit_sha or self.squash_commit_sha or self.sha


class MergeRequestPlace(Shape):
    """https://docs.gitlab.com/api/merge_requests/#list-project-merge-requests: its number (`iid`) and its page."""

    iid: int
    web_url: str
    source_project_id: int | None = None
    target_project_id: int | None = None


class MergeRequestPlaces(RootModel[tuple[MergeRequestPlace, ...]]):
    """A page of them."""


class Author(Shape):
    """Who wrote a note."""

    username: str | None = None


class Position(Shape):
    """Where on the diff a note stands."""

    new_path: str | None = None
    old_path: str | None = None
    new_line: int | None = None
    old_line: int | None = None


class Note(Shape):
    """https://docs.gitlab.com/api/discussions/#list-all-merge-request-discussion-items, one of `notes`."""

    body: str | None = None
    author: Author | None = None
    system: bool | None = None
    resolvable: bool | None = None
    resolved: bool | None = None
    position: Position | None = None


class Discussion(Shape):
    """https://docs.gitlab.com/api/discussions/#list-all-merge-request-discussion-items."""

    notes: tuple[Note, ...]


class Discussions(RootModel[tuple[Discussion, ...]]):
    """A page of them."""


class Approvals(Shape):
    """https://docs.gitlab.com/api/merge_request_approvals/#retrieve-approval-state-for-a-merge-request."""

    approvals_left: int | None = None
    approved_by: tuple[Shape, ...] | None = None


class Reviewer(Shape):
    """https://docs.gitlab.com/api/merge_requests/#retrieve-merge-request-reviewers."""

    state: str


class Reviewers(RootModel[tuple[Reviewer, ...]]):
    """All of them."""


class CommitStatus(Shape):
    """https://docs.gitlab.com/api/commits/#list-commit-statuses."""

    id: int = 0
    name: str
    status: str
    ref: str | None = None
    allow_failure: bool | None = None


class CommitStatuses(RootModel[tuple[CommitStatus, ...]]):
    """A page of them."""
