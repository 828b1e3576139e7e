"""GitLab as a provider of pull requests."""

from typing import TYPE_CHECKING

from gastown.adapters.gitlab import feedback, merging, opening
from gastown.adapters.gitlab.calls import Calls, begin
from gastown.adapters.gitlab.instance import GITLAB_COM, mismatch, parse_instance_url
from gastown.adapters.gitlab.merge_request import read_merge_request, state_of
from gastown.adapters.gitlab.shapes import MergeRequest
from gastown.adapters.http.provider_http import ProviderHttp
from gastown.domain.pull import (
    Feedback,
    HostMismatch,
    Provider,
    PullMerged,
    PullOrder,
    PullRef,
    PullState,
    Refusal,
    Repository,
)
from gastown.ports.clock import Clock
from gastown.ports.git_host import Access

if TYPE_CHECKING:
    import httpx


class GitLabHost:
    """Merge requests of one GitLab instance; nothing is asked of, and no token is sent to, any other host."""

    def __init__(
        self, *, clock: Clock, instance_url: str = GITLAB_COM, transport: "httpx.BaseTransport | None" = None
    ) -> None:
        """Keep the instance; raises `Invalid` if its URL is none (REQ-5.16)."""
        self._instance = parse_instance_url(instance_url)
        self._http = ProviderHttp(provider=Provider.GITLAB, clock=clock, transport=transport)

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def pull_state(self, pull: PullRef, access: Access) -> PullState | Refusal:
        """The merge request as it is.

        https://docs.gitlab.com/api/merge_requests/#retrieve-a-merge-request
        """
        calls = self._calls(pull.repository, access)
        if isinstance(calls, HostMismatch):
            return calls
        request = read_merge_request(calls, pull)
        return state_of(request) if isinstance(request, MergeRequest) else request

    def feedback(self, pull: PullRef, head_sha: str, access: Access) -> Feedback | Refusal:
        """Discussions, approvals, reviewers and checks of this head, each cited where it is read.

        https://docs.gitlab.com/api/discussions/#merge-requests
        """
        calls = self._calls(pull.repository, access)
        return calls if isinstance(calls, HostMismatch) else feedback.gather(calls, pull, head_sha)

    def merge(self, pull: PullRef, sha: str, title: str, access: Access) -> PullMerged | Refusal:
        """Merge exactly this sha, by the method of the project's settings.

        https://docs.gitlab.com/api/merge_requests/#merge-a-merge-request
        """
        calls = self._calls(pull.repository, access)
        return calls if isinstance(calls, HostMismatch) else merging.merge(calls, pull, sha, title)

    def open_pull(self, repository: Repository, order: PullOrder, access: Access) -> PullRef | Refusal:
        """Open a merge request, or find the open one of the same branches.

        https://docs.gitlab.com/api/merge_requests/#create-a-merge-request
        """
        calls = self._calls(repository, access)
        return calls if isinstance(calls, HostMismatch) else opening.open_pull(calls, repository, order)

    def make_branch(self, repository: Repository, branch: str, start: str, access: Access) -> Refusal | None:
        """Make a branch at the head of another one; one that is there already is fine.

        https://docs.gitlab.com/api/branches/#create-repository-branch
        """
        calls = self._calls(repository, access)
        return calls if isinstance(calls, HostMismatch) else opening.make_branch(calls, repository, branch, start)

    def _calls(self, repository: Repository, access: Access) -> Calls | HostMismatch:
        """Begin a conversation with the instance, if the repository is one of its own."""
        return mismatch(self._instance, repository) or begin(self._http, self._instance.api, access)
