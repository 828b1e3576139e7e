"""GitLab as a provider of pull requests."""

from functools import cached_property

import httpx

from gastown.adapters.gitlab import feedback, merging, opening
from gastown.adapters.gitlab.client import Conversation
from gastown.adapters.gitlab.instance import GITLAB_COM, mismatch, parse_instance_url
from gastown.adapters.gitlab.merge_request import MergeRequest, read_merge_request
from gastown.domain.pull import Feedback, HostMismatch, PullMerged, PullOrder, PullRef, PullState, Refusal, Repository
from gastown.ports.clock import Clock
from gastown.ports.git_host import Access


class GitLabHost:
    """Merge requests of one GitLab instance; nothing is asked of, and no token is sent to, any other host."""

    def __init__(
        self, *, clock: Clock, instance_url: str = GITLAB_COM, transport: httpx.BaseTransport | None = None
    ) -> None:
        """Keep the instance; raises `Invalid` if its URL is none (REQ-5.16)."""
        self._instance = parse_instance_url(instance_url)
        self._clock = clock
        self._transport = transport

    @cached_property
    def _client(self) -> httpx.Client:
        """The connections, made on first use; the token is no part of them."""
        return httpx.Client(transport=self._transport, follow_redirects=False)

    def pull_state(self, pull: PullRef, access: Access) -> PullState | Refusal:
        """The merge request as it is.

        https://docs.gitlab.com/api/merge_requests/#retrieve-a-merge-request
        """
        call = self._call(pull.repository, access)
        if isinstance(call, HostMismatch):
            return call
        request = read_merge_request(call, pull)
        return request.state if isinstance(request, MergeRequest) else request

    def feedback(self, pull: PullRef, head_sha: str, access: Access) -> Feedback | Refusal:
        """Discussions, approvals, reviewers and checks of this head, each cited where it is read.

        https://docs.gitlab.com/api/discussions/#merge-requests
        """
        call = self._call(pull.repository, access)
        return call if isinstance(call, HostMismatch) else feedback.gather(call, pull, head_sha)

    def merge(self, pull: PullRef, sha: str, title: str, access: Access) -> PullMerged | Refusal:
        """Merge exactly this sha, by the method of the project's settings.

        https://docs.gitlab.com/api/merge_requests/#merge-a-merge-request
        """
        call = self._call(pull.repository, access)
        return call if isinstance(call, HostMismatch) else merging.merge(call, pull, sha, title)

    def open_pull(self, repository: Repository, order: PullOrder, access: Access) -> PullRef | Refusal:
        """Open a merge request, or find the open one of the same branches.

        https://docs.gitlab.com/api/merge_requests/#create-a-merge-request
        """
        call = self._call(repository, access)
        return call if isinstance(call, HostMismatch) else opening.open_pull(call, repository, order)

    def make_branch(self, repository: Repository, branch: str, start: str, access: Access) -> Refusal | None:
        """Make a branch at the head of another one; one that is there already is fine.

        https://docs.gitlab.com/api/branches/#create-repository-branch
        """
        call = self._call(repository, access)
        return call if isinstance(call, HostMismatch) else opening.make_branch(call, repository, branch, start)

    def _call(self, repository: Repository, access: Access) -> Conversation | HostMismatch:
        """Begin a conversation with the instance, if the repository is one of its own."""
        refused = mismatch(self._instance, repository)
        if refused is not None:
            return refused
        return Conversation(http=self._client, instance=self._instance, access=access, now=self._clock.now)
