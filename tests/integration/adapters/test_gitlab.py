"""GitLab keeps the contract of the port, on a forge that speaks its REST API over a real git repository."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

import pytest

from gastown.adapters.gitlab.git_host import GitLabHost
from gastown.domain.pull import Feedback, Provider, PullMerge, PullMerged, PullOrder, PullRef, PullState, Repository
from gastown.ports.git_host import Access
from tests.support.contracts.git_host import TITLE, CheckOutcome, GitHostContract, Part
from tests.support.forge import Forge
from tests.support.forge_hand import PATH, ForgeHand

STATES: Mapping[CheckOutcome, str] = {
    "passed": "success",
    "failed": "failed",
    "running": "running",
    "skipped": "skipped",
}
DEEP = "town/tools/my.widgets"


class GitLabHand(ForgeHand):
    """The forge's hand, for its GitLab: a repository names its host alone, and the port is the instance's."""

    provider = Provider.GITLAB
    parts: ClassVar[Mapping[Part, str]] = {
        "threads": "/discussions$",
        "approvals": "/approvals$",
        "checks": "/statuses$",
    }

    def __init__(self, forge: Forge) -> None:
        """Name the host without its port."""
        super().__init__(forge)
        self.repository = replace(self.repository, host="127.0.0.1")

    def set_check(self, sha: str, name: str, outcome: CheckOutcome) -> None:
        """A job or an external status reports."""
        self.steer.set_status(PATH, name, STATES[outcome], sha=sha)


class TestGitLabHost(GitHostContract):
    """The contract, over HTTP."""

    @pytest.fixture
    def forge(self) -> Iterator[GitLabHand]:
        """A forge of its own."""
        with Forge() as forge:
            yield GitLabHand(forge)

    @pytest.fixture
    def host(self, forge: GitLabHand) -> Iterator[GitLabHost]:
        """The adapter, whose instance is the forge."""
        host = GitLabHost(clock=forge.clock, instance_url=forge.forge.url)
        yield host
        host.close()

    def test_a_quiet_look_is_one_call_and_feedback_is_four(
        self, host: GitLabHost, forge: GitLabHand, pull: PullRef, access: Access
    ) -> None:
        """Nobody is asked what reviewers think where there are none."""
        before = forge.requests()
        host.pull_state(pull, access)
        looked = forge.requests()
        host.feedback(pull, forge.head("work") or "", access)

        assert (1, 4) == (looked - before, forge.requests() - looked)

    def test_a_project_of_a_subgroup_is_one_segment(self, host: GitLabHost, forge: GitLabHand, access: Access) -> None:
        """From its branch to its merge; its name has a dot."""
        forge.steer.add_project(DEEP)
        repository = Repository(provider=Provider.GITLAB, host="127.0.0.1", owner="town/tools", name="my.widgets")
        assert host.make_branch(repository, "convoy/one", "main", access) is None
        head = forge.steer.push(DEEP, "convoy/one", {"widgets.txt": "1\n"})["sha"]
        order = PullOrder(head="convoy/one", base="main", title=TITLE, body="", labels=("gastown",))
        pull = host.open_pull(repository, order, access)
        assert isinstance(pull, PullRef)
        state, feedback = host.pull_state(pull, access), host.feedback(pull, head, access)
        merged = host.merge(pull, head, TITLE, access)

        assert isinstance(state, PullState)
        assert isinstance(feedback, Feedback)
        assert isinstance(merged, PullMerged)
        assert (head, True, PullMerge.MERGED) == (state.head_sha, feedback.is_green, merged.how)

    def test_a_pipeline_without_jobs_is_a_check(
        self, host: GitLabHost, forge: GitLabHand, pull: PullRef, access: Access
    ) -> None:
        """Red holds the merge back and is work; running only holds it back."""
        head = forge.head("work") or ""
        number = forge.steer.set_pipeline(PATH, "running", sha=head)["id"]
        running = host.feedback(pull, head, access)
        later = forge.steer.set_pipeline(PATH, "failed", sha=head)["id"]
        red = host.feedback(pull, head, access)

        assert isinstance(running, Feedback)
        assert isinstance(red, Feedback)
        assert ((), (f"pipeline {number}",)) == (running.failing, running.pending)
        assert ((f"pipeline {later}",), ()) == (red.failing, red.pending)

    def test_more_threads_than_are_read_are_never_green(
        self, host: GitLabHost, forge: GitLabHand, pull: PullRef, access: Access
    ) -> None:
        """Even if all that were read are resolved."""
        forge.steer.add_thread(PATH, pull.number, count=501)
        forge.steer.resolve(PATH, pull.number)
        feedback = host.feedback(pull, forge.head("work") or "", access)

        assert isinstance(feedback, Feedback)
        assert ((), True, False) == (feedback.threads, feedback.more_threads, feedback.is_green)

    def test_a_project_token_without_the_right_scope_is_told(
        self, host: GitLabHost, forge: GitLabHand, pull: PullRef, access: Access
    ) -> None:
        """It may look, and not merge."""
        reader = Access(token=forge.steer.add_token("reader", scopes=["read_api"]), memory=access.memory)
        refusal = host.merge(pull, forge.head("work") or "", TITLE, reader)

        assert isinstance(host.pull_state(pull, reader), PullState)
        assert not isinstance(refusal, PullMerged)
        assert "insufficient_scope" in repr(refusal) or "higher privileges" in repr(refusal)
