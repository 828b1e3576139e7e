"""GitHub keeps the contract of the port, on a forge that speaks GitHub over a real git repository."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import pytest

from gastown.adapters.github.git_host import GitHubHost
from gastown.domain.pull import Feedback, Provider, PullRef, PullState
from gastown.ports.git_host import Access
from tests.support.contracts.git_host import CheckOutcome, GitHostContract, Part
from tests.support.forge import Forge
from tests.support.forge_hand import PATH, ForgeHand

CONCLUSIONS = {"passed": "success", "failed": "failure", "running": None, "skipped": "skipped"}


class GitHubHand(ForgeHand):
    """The forge's hand, for its GitHub."""

    provider = Provider.GITHUB
    parts: ClassVar[Mapping[Part, str]] = {"threads": "/graphql$", "approvals": "/graphql$", "checks": "/check-runs$"}

    def set_check(self, sha: str, name: str, outcome: CheckOutcome) -> None:
        """A check run reports."""
        self.steer.set_check(PATH, name, CONCLUSIONS[outcome], sha=sha)


class TestGitHubHost(GitHostContract):
    """The contract, over HTTP."""

    @pytest.fixture
    def forge(self) -> Iterator[GitHubHand]:
        """A forge of its own."""
        with Forge() as forge:
            yield GitHubHand(forge)

    @pytest.fixture
    def host(self, forge: GitHubHand) -> Iterator[GitHubHost]:
        """The adapter, told where the forge is."""
        host = GitHubHost(clock=forge.clock, api_url=forge.forge.url, web_host=forge.repository.host)
        yield host
        host.close()

    def test_what_a_reviewer_demands_is_told_until_somebody_pushes(
        self, host: GitHubHost, forge: GitHubHand, pull: PullRef, access: Access
    ) -> None:
        """It still blocks afterwards, until the reviewer has looked again."""
        forge.request_changes(pull, words="Say it louder")
        before = host.feedback(pull, forge.head("work") or "", access)
        forge.push("work", {"widgets.txt": "louder\n"})
        after = host.feedback(pull, forge.head("work") or "", access)

        assert isinstance(before, Feedback)
        assert isinstance(after, Feedback)
        assert ["Say it louder"] == [demand.body for demand in before.demands]
        assert ((), True) == (after.demands, after.changes_requested)

    def test_an_unchanged_pull_request_costs_no_quota(
        self, host: GitHubHost, forge: GitHubHand, pull: PullRef, access: Access
    ) -> None:
        """It is asked for on a condition, and a 304 is free."""
        first = host.pull_state(pull, access)
        spent = forge.forge.journal.spent()
        second = host.pull_state(pull, access)

        assert isinstance(first, PullState)
        assert first == second
        assert (spent, 304) == (forge.forge.journal.spent(), forge.forge.journal.entries[-1].status)

    def test_unchanged_checks_cost_one_point_for_the_reviews(
        self, host: GitHubHost, forge: GitHubHand, pull: PullRef, access: Access
    ) -> None:
        """GraphQL knows no conditions; check runs and statuses are asked for on one."""
        head = forge.head("work") or ""
        forge.set_check(head, "unit", "passed")
        host.feedback(pull, head, access)
        spent = forge.forge.journal.spent()
        again = host.feedback(pull, head, access)

        assert isinstance(again, Feedback)
        assert again.is_green
        assert spent + 1 == forge.forge.journal.spent()

    def test_a_status_of_an_older_integration_is_a_check(
        self, host: GitHubHost, forge: GitHubHand, pull: PullRef, access: Access
    ) -> None:
        """Red, or not there yet."""
        head = forge.head("work") or ""
        forge.steer.set_status(PATH, "ci/old", "error", sha=head)
        forge.steer.set_status(PATH, "ci/slow", "pending", sha=head)
        feedback = host.feedback(pull, head, access)

        assert isinstance(feedback, Feedback)
        assert (("ci/old",), ("ci/slow",)) == (feedback.failing, feedback.pending)

    def test_more_checks_than_are_read_are_never_green(
        self, host: GitHubHost, forge: GitHubHand, pull: PullRef, access: Access
    ) -> None:
        """Five pages of a hundred are read; somebody has to look at the rest."""
        head = forge.head("work") or ""
        forge.steer.set_check(PATH, "green", "success", sha=head, count=501)
        feedback = host.feedback(pull, head, access)

        assert isinstance(feedback, Feedback)
        assert (True, True, False) == (feedback.unchecked, feedback.asks_for_work, feedback.is_green)

    def test_more_threads_than_are_read_are_never_green(
        self, host: GitHubHost, forge: GitHubHand, pull: PullRef, access: Access
    ) -> None:
        """Even if all that were read are resolved."""
        forge.steer.add_thread(PATH, pull.number, count=501)
        forge.steer.resolve(PATH, pull.number)
        feedback = host.feedback(pull, forge.head("work") or "", access)

        assert isinstance(feedback, Feedback)
        assert ((), True, False) == (feedback.threads, feedback.more_threads, feedback.is_green)
