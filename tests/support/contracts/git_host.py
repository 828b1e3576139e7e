"""What every provider of pull requests keeps, told in no provider's words.

The host under test stands before a forge: a server over a real git repository, which `Forge` steers as people, their
checks and bad weather would.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, Protocol

import pytest

from gastown.domain.pull import (
    Feedback,
    HostMismatch,
    HttpError,
    InvalidResponse,
    Mergeability,
    PullMerge,
    PullMerged,
    PullOrder,
    PullRef,
    PullState,
    PullStatus,
    Repository,
)
from gastown.ports.clock import Clock
from gastown.ports.git_host import Access, GitHost

CheckOutcome = Literal["passed", "failed", "running", "skipped"]
Part = Literal["threads", "checks", "approvals"]
Method = Literal["squash", "merge", "rebase"]
Spoiled = Literal["not_json", "wrong_shape", "truncated", "dropped"]
MANY = 120
TITLE = "Count the widgets (gt-1)"


class MergingForge(Protocol):
    """The hand on a forge, its repository and who works in it; `main` is the default branch."""

    repository: Repository
    token: str

    def push(self, branch: str, files: Mapping[str, str]) -> str:
        """Commit files onto a branch, made from `main` if it is new; its new head."""
        ...

    def head(self, branch: str) -> str | None:
        """Where a branch stands."""
        ...

    def message(self, sha: str) -> str:
        """A commit's message."""
        ...

    def file(self, branch: str, name: str) -> str | None:
        """What a file holds at a branch's head."""
        ...

    def open_pull(self, head: str, *, title: str = TITLE, draft: bool = False) -> PullRef:
        """A person opens a pull request to `main`."""
        ...

    def labels(self, pull: PullRef) -> set[str]:
        """The labels it carries."""
        ...

    def close(self, pull: PullRef) -> None:
        """A person closes it unmerged."""
        ...

    def require_approval(self) -> None:
        """From now on one approval is needed."""
        ...

    def allow_only(self, method: Method) -> None:
        """From now on the repository allows this one way to merge."""
        ...

    def lose_answer_of_merge(self) -> None:
        """Perform the next merge, and end the connection before it is answered."""
        ...


class Forge(MergingForge, Protocol):
    """The hand on a whole forge: its reviewers, checks and weather too."""

    clock: Clock

    def merge(self, pull: PullRef) -> str:
        """A person merges it by a merge commit; the new head of `main`."""
        ...

    def compute_for(self, reads: int) -> None:
        """Let the next reads of a new head say that mergeability is still being computed."""
        ...

    def say_merge_state(self, pull: PullRef, word: str) -> None:
        """Let the provider use this word for the pull request's merge state from now on."""
        ...

    def add_thread(
        self, pull: PullRef, body: str, *, author: str = "rita", place: tuple[str, int] | None = None
    ) -> str:
        """A reviewer begins a discussion; its key."""
        ...

    def resolve(self, pull: PullRef, thread: str) -> None:
        """Somebody resolves it."""
        ...

    def set_check(self, sha: str, name: str, outcome: CheckOutcome) -> None:
        """A check of this head reports; the latest of a name counts."""
        ...

    def approve(self, pull: PullRef, *, author: str = "rita") -> None:
        """A reviewer approves."""
        ...

    def request_changes(self, pull: PullRef, *, author: str = "rita") -> None:
        """A reviewer asks for changes, in a review without inline comments."""
        ...

    def fail_next(self, status: int, *, headers: Mapping[str, str] | None = None, message: str = "") -> None:
        """Answer the next request with this status, and do not perform it."""
        ...

    def spoil_next(self, how: Spoiled) -> None:
        """Spoil the answer to the next request."""
        ...

    def limit_next(self, seconds: int) -> None:
        """Answer the next request as out of quota, to be asked again in so many seconds."""
        ...

    def redirect_next(self, *, elsewhere: bool) -> None:
        """Redirect the next request to the same thing at another host, or once to itself at this one."""
        ...

    def break_part(self, part: Part) -> None:
        """From now on the requests for a part of the feedback are answered 502."""
        ...

    def requests(self) -> int:
        """How many requests arrived, at any host."""
        ...

    def tokens_elsewhere(self) -> set[str]:
        """The tokens that arrived at any host but the provider's."""
        ...


class RememberedAnswers:
    """A memory as long as its test."""

    def __init__(self) -> None:
        """Start empty."""
        self.kept: dict[str, tuple[str, dict[str, object]]] = {}

    def recall(self, address: str) -> tuple[str, dict[str, object]] | None:
        """What was kept."""
        return self.kept.get(address)

    def remember(self, address: str, tag: str, kept: dict[str, object]) -> None:
        """Keep it."""
        self.kept[address] = (tag, kept)


class GitHostFixtures:
    """What each part of the suite works with; the adapter's test gives the first two."""

    @pytest.fixture
    def forge(self) -> MergingForge:
        """The forge, with one repository whose `main` has a file `README.md`."""
        raise NotImplementedError

    @pytest.fixture
    def host(self, forge: MergingForge) -> GitHost:
        """The host under test."""
        raise NotImplementedError

    @pytest.fixture
    def access(self, forge: MergingForge) -> Access:
        """The forge's token, and a memory."""
        return Access(token=forge.token, memory=RememberedAnswers())

    @pytest.fixture
    def pull(self, forge: MergingForge) -> PullRef:
        """An open pull request that can be merged."""
        forge.push("work", {"widgets.txt": "1\n"})
        return forge.open_pull("work")


class PullStateContract(GitHostFixtures):
    """What is read of a pull request."""

    def read_state(self, host: GitHost, pull: PullRef, access: Access) -> PullState:
        """Read it, and expect an answer."""
        state = host.pull_state(pull, access)
        assert isinstance(state, PullState), state
        return state

    def test_an_open_pull_request_is_read(self, host: GitHost, forge: Forge, pull: PullRef, access: Access) -> None:
        """Its branches, its head, its title; nothing is merged yet."""
        state = self.read_state(host, pull, access)

        assert (PullStatus.OPEN, Mergeability.CLEAN) == (state.status, state.mergeability)
        assert ("work", "main", TITLE) == (state.head_branch, state.base_branch, state.title)
        assert (forge.head("work"), None, False) == (state.head_sha, state.merge_commit_sha, state.is_draft)

    def test_a_push_is_seen_by_the_next_read(self, host: GitHost, forge: Forge, pull: PullRef, access: Access) -> None:
        """What is remembered of the last answer hides nothing."""
        self.read_state(host, pull, access)
        head = forge.push("work", {"widgets.txt": "2\n"})

        assert head == self.read_state(host, pull, access).head_sha

    def test_a_conflict_is_told(self, host: GitHost, forge: Forge, pull: PullRef, access: Access) -> None:
        """Both sides wrote the same line."""
        forge.push("main", {"widgets.txt": "other\n"})

        assert Mergeability.CONFLICT == self.read_state(host, pull, access).mergeability

    def test_what_is_being_computed_is_not_known_yet(self, host: GitHost, forge: Forge, access: Access) -> None:
        """It is neither clean nor a conflict, until the provider has worked it out."""
        forge.compute_for(1)
        forge.push("slow", {"slow.txt": "1\n"})
        pull = forge.open_pull("slow")

        read = [self.read_state(host, pull, access).mergeability for _ in range(2)]
        assert [Mergeability.COMPUTING, Mergeability.CLEAN] == read

    def test_a_word_we_do_not_know_is_kept_and_blocks(
        self, host: GitHost, forge: Forge, pull: PullRef, access: Access
    ) -> None:
        """Providers add merge states; one that is new to us is not an error, and not clean."""
        forge.say_merge_state(pull, "awaiting_the_moon")
        state = self.read_state(host, pull, access)

        assert (Mergeability.OTHER, "awaiting_the_moon") == (state.mergeability, state.merge_state)

    def test_a_draft_is_told(self, host: GitHost, forge: Forge, access: Access) -> None:
        """Whatever else the provider says of it."""
        forge.push("sketch", {"sketch.txt": "1\n"})

        assert self.read_state(host, forge.open_pull("sketch", draft=True), access).is_draft

    def test_a_merged_pull_request_names_its_commit(
        self, host: GitHost, forge: Forge, pull: PullRef, access: Access
    ) -> None:
        """Merged wins over closed."""
        commit = forge.merge(pull)
        state = self.read_state(host, pull, access)

        assert (PullStatus.MERGED, commit) == (state.status, state.merge_commit_sha)

    def test_a_closed_pull_request_is_closed(self, host: GitHost, forge: Forge, pull: PullRef, access: Access) -> None:
        """And names no commit."""
        forge.close(pull)
        state = self.read_state(host, pull, access)

        assert (PullStatus.CLOSED, None) == (state.status, state.merge_commit_sha)


class FeedbackContract(GitHostFixtures):
    """What stands between a pull request and its merge."""

    def read_feedback(self, host: GitHost, forge: Forge, pull: PullRef, access: Access) -> Feedback:
        """Read the feedback of the head, and expect an answer."""
        feedback = host.feedback(pull, forge.head("work") or "", access)
        assert isinstance(feedback, Feedback), feedback
        return feedback

    def test_where_nobody_said_anything_all_is_green(
        self, host: GitHost, forge: Forge, pull: PullRef, access: Access
    ) -> None:
        """No threads, no checks, no reviews, no rules."""
        feedback = self.read_feedback(host, forge, pull, access)

        assert Feedback(head_sha=forge.head("work") or "") == feedback
        assert feedback.is_green

    def test_an_open_thread_is_told_and_a_resolved_one_is_not(
        self, host: GitHost, forge: Forge, pull: PullRef, access: Access
    ) -> None:
        """Who began it, where, and what was said."""
        forge.resolve(pull, forge.add_thread(pull, "Nice name."))
        forge.add_thread(pull, "Count from one.", author="rita", place=("widgets.txt", 1))
        feedback = self.read_feedback(host, forge, pull, access)

        (thread,) = feedback.threads
        assert ("rita", "widgets.txt:1") == (thread.author, thread.place)
        assert "Count from one." in thread.body
        assert (True, False) == (feedback.asks_for_work, feedback.is_green)

    def test_threads_have_pages(self, host: GitHost, forge: Forge, pull: PullRef, access: Access) -> None:
        """The only open one of 121 is on the second page."""
        for number in range(MANY):
            forge.resolve(pull, forge.add_thread(pull, f"Remark {number}."))
        forge.add_thread(pull, "The last word.")

        feedback = self.read_feedback(host, forge, pull, access)
        assert ["The last word."] == [thread.body.rpartition(": ")[2] for thread in feedback.threads]

    @pytest.mark.parametrize(
        ("outcome", "failing", "pending"),
        [("passed", (), ()), ("skipped", (), ()), ("failed", ("unit",), ()), ("running", (), ("unit",))],
    )
    def test_a_check_is_told_by_its_outcome(  # noqa: PLR0913 the fixtures of the suite
        self,
        host: GitHost,
        forge: Forge,
        pull: PullRef,
        access: Access,
        *,
        outcome: CheckOutcome,
        failing: tuple[str, ...],
        pending: tuple[str, ...],
    ) -> None:
        """Red and unfinished ones by name."""
        forge.set_check(forge.head("work") or "", "unit", outcome)
        feedback = self.read_feedback(host, forge, pull, access)

        assert (failing, pending) == (feedback.failing, feedback.pending)
        assert feedback.is_green == (outcome in {"passed", "skipped"})
        assert feedback.asks_for_work == (outcome == "failed")

    def test_checks_have_pages(self, host: GitHost, forge: Forge, pull: PullRef, access: Access) -> None:
        """The red one of 121 is found wherever it is."""
        head = forge.head("work") or ""
        forge.set_check(head, "red", "failed")
        for number in range(MANY):
            forge.set_check(head, f"green {number}", "passed")

        feedback = self.read_feedback(host, forge, pull, access)
        assert (("red",), False) == (feedback.failing, feedback.unchecked)

    def test_a_missing_approval_is_waited_for(self, host: GitHost, forge: Forge, pull: PullRef, access: Access) -> None:
        """It is no work for an agent; once it is given, nothing is in the way."""
        forge.require_approval()
        before = self.read_feedback(host, forge, pull, access)
        forge.approve(pull)
        after = self.read_feedback(host, forge, pull, access)

        assert (True, False, False) == (before.awaiting_approval, before.asks_for_work, before.is_green)
        assert (False, True) == (after.awaiting_approval, after.is_green)

    def test_a_request_for_changes_blocks(self, host: GitHost, forge: Forge, pull: PullRef, access: Access) -> None:
        """Even without an inline comment, and even where no rule asks for reviews."""
        forge.request_changes(pull)
        feedback = self.read_feedback(host, forge, pull, access)

        assert (True, False) == (feedback.changes_requested, feedback.is_green)

    def test_a_head_that_is_not_the_head_any_more_is_not_green(
        self, host: GitHost, forge: Forge, pull: PullRef, access: Access
    ) -> None:
        """Reviews of another head say nothing of this one."""
        old = forge.head("work") or ""
        forge.push("work", {"widgets.txt": "2\n"})
        feedback = host.feedback(pull, old, access)

        assert isinstance(feedback, Feedback)
        assert not feedback.is_green

    @pytest.mark.parametrize("part", ["threads", "checks", "approvals"])
    def test_a_part_that_cannot_be_read_is_never_green(
        self, host: GitHost, forge: Forge, pull: PullRef, access: Access, *, part: Part
    ) -> None:
        """It is named with why; if it is the first thing that is asked for, the answer is a refusal."""
        forge.break_part(part)
        feedback = host.feedback(pull, forge.head("work") or "", access)

        if isinstance(feedback, Feedback):
            assert not feedback.is_green
            assert any("502" in missing for missing in feedback.missing)
        else:
            assert isinstance(feedback, HttpError)
            assert (502, True) == (feedback.status, feedback.transient)


class MergeContract(GitHostFixtures):
    """Merging exactly what was approved."""

    def merge(self, host: GitHost, pull: PullRef, sha: str | None, access: Access) -> PullMerged:
        """Merge, and expect an answer."""
        merged = host.merge(pull, sha or "", TITLE, access)
        assert isinstance(merged, PullMerged), merged
        return merged

    def test_a_merge_really_merges(self, host: GitHost, forge: MergingForge, pull: PullRef, access: Access) -> None:
        """The answer names the commit on the target branch, which has the title."""
        merged = self.merge(host, pull, forge.head("work"), access)

        assert (PullMerge.MERGED, forge.head("main")) == (merged.how, merged.commit_sha)
        assert forge.file("main", "widgets.txt") == "1\n"
        assert forge.message(merged.commit_sha or "").startswith(TITLE)

    def test_merging_twice_merges_once(self, host: GitHost, forge: MergingForge, pull: PullRef, access: Access) -> None:
        """The second answer names the commit of the first."""
        head = forge.head("work")
        first, second = (self.merge(host, pull, head, access) for _ in range(2))

        assert PullMerged(how=PullMerge.ALREADY_MERGED, commit_sha=first.commit_sha, head_sha=head) == second
        assert forge.head("main") == first.commit_sha

    def test_a_merge_whose_answer_was_lost_is_found_by_the_next_try(
        self, host: GitHost, forge: MergingForge, pull: PullRef, access: Access
    ) -> None:
        """The unknown outcome is a transient refusal, and nothing is merged twice."""
        head = forge.head("work")
        forge.lose_answer_of_merge()
        lost = host.merge(pull, head or "", TITLE, access)
        found = self.merge(host, pull, head, access)

        assert isinstance(lost, HttpError)
        assert (0, True) == (lost.status, lost.transient)
        assert (PullMerge.ALREADY_MERGED, forge.head("main")) == (found.how, found.commit_sha)

    def test_a_head_that_moved_is_not_merged(
        self, host: GitHost, forge: MergingForge, pull: PullRef, access: Access
    ) -> None:
        """What nobody checked does not land."""
        approved, main = forge.head("work"), forge.head("main")
        pushed = forge.push("work", {"widgets.txt": "2\n"})
        merged = self.merge(host, pull, approved, access)

        assert (PullMerge.MOVED, pushed, None) == (merged.how, merged.head_sha, merged.commit_sha)
        assert main == forge.head("main")

    def test_a_conflict_is_not_merged(self, host: GitHost, forge: MergingForge, pull: PullRef, access: Access) -> None:
        """It is told from what is merely not ready."""
        main = forge.push("main", {"widgets.txt": "other\n"})

        assert PullMerge.CONFLICT == self.merge(host, pull, forge.head("work"), access).how
        assert main == forge.head("main")

    def test_what_a_rule_holds_back_is_not_ready(
        self, host: GitHost, forge: MergingForge, pull: PullRef, access: Access
    ) -> None:
        """The provider's words say why."""
        forge.require_approval()
        merged = self.merge(host, pull, forge.head("work"), access)

        assert PullMerge.NOT_READY == merged.how
        assert merged.message

    def test_a_draft_is_not_ready(self, host: GitHost, forge: MergingForge, access: Access) -> None:
        """Somebody is still writing it."""
        head = forge.push("sketch", {"sketch.txt": "1\n"})

        assert PullMerge.NOT_READY == self.merge(host, forge.open_pull("sketch", draft=True), head, access).how

    def test_a_closed_pull_request_is_not_ready(
        self, host: GitHost, forge: MergingForge, pull: PullRef, access: Access
    ) -> None:
        """Nor is it merged behind the back of who closed it."""
        main = forge.head("main")
        forge.close(pull)

        assert PullMerge.NOT_READY == self.merge(host, pull, forge.head("work"), access).how
        assert main == forge.head("main")

    @pytest.mark.parametrize("method", ["squash", "merge", "rebase"])
    def test_the_repository_says_how_to_merge(
        self, host: GitHost, forge: MergingForge, pull: PullRef, access: Access, *, method: Method
    ) -> None:
        """Whichever one way it allows is found."""
        forge.allow_only(method)

        assert PullMerge.MERGED == self.merge(host, pull, forge.head("work"), access).how
        assert forge.file("main", "widgets.txt") == "1\n"


class OpeningContract(GitHostFixtures):
    """Opening pull requests and making branches."""

    def test_a_pull_request_is_opened_once(self, host: GitHost, forge: MergingForge, access: Access) -> None:
        """Asked for again, it is the one that is open, with its labels."""
        forge.push("work", {"widgets.txt": "1\n"})
        order = PullOrder(head="work", base="main", title=TITLE, body="As asked.", labels=("gastown", "bead"))
        first, second = (host.open_pull(forge.repository, order, access) for _ in range(2))

        assert isinstance(first, PullRef)
        assert first == second
        assert {"gastown", "bead"} == forge.labels(first)
        state = host.pull_state(first, access)
        assert isinstance(state, PullState)
        assert ("work", "main", TITLE) == (state.head_branch, state.base_branch, state.title)

    def test_a_pull_request_of_a_branch_that_is_not_there_is_refused(
        self, host: GitHost, forge: MergingForge, access: Access
    ) -> None:
        """Asking again does not help."""
        refusal = host.open_pull(forge.repository, PullOrder(head="nowhere", base="main", title=TITLE, body=""), access)

        assert isinstance(refusal, HttpError)
        assert not refusal.transient

    def test_a_branch_is_made_once(self, host: GitHost, forge: MergingForge, access: Access) -> None:
        """At the head of another one; if it is there already it is left as it is."""
        start = forge.head("main")
        first = host.make_branch(forge.repository, "convoy/one", "main", access)
        forge.push("main", {"later.txt": "1\n"})
        second = host.make_branch(forge.repository, "convoy/one", "main", access)

        assert (None, None) == (first, second)
        assert start == forge.head("convoy/one")

    def test_a_branch_from_nowhere_is_refused(self, host: GitHost, forge: MergingForge, access: Access) -> None:
        """There is nothing to begin with."""
        refusal = host.make_branch(forge.repository, "convoy/two", "nowhere", access)

        assert isinstance(refusal, HttpError)
        assert not refusal.transient


class RefusalContract(GitHostFixtures):
    """Every way of not answering, each told for what it is."""

    @pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
    def test_what_can_pass_is_transient(
        self, host: GitHost, forge: Forge, pull: PullRef, access: Access, *, status: int
    ) -> None:
        """Asking again can help."""
        forge.fail_next(status)
        refusal = host.pull_state(pull, access)

        assert isinstance(refusal, HttpError)
        assert (status, True) == (refusal.status, refusal.transient)

    @pytest.mark.parametrize("status", [401, 403, 404, 422])
    def test_what_needs_a_person_is_not_transient(
        self, host: GitHost, forge: Forge, pull: PullRef, access: Access, *, status: int
    ) -> None:
        """Asking again does not help; the provider's words are kept."""
        forge.fail_next(status, message="Because of the moon.")
        refusal = host.pull_state(pull, access)

        assert isinstance(refusal, HttpError)
        assert (status, False) == (refusal.status, refusal.transient)
        assert "Because of the moon." in refusal.text

    def test_a_refusal_of_feedback_is_the_refusal(
        self, host: GitHost, forge: Forge, pull: PullRef, access: Access
    ) -> None:
        """A token that is no good is told as such, not as an odd sort of feedback."""
        forge.fail_next(401)
        refusal = host.feedback(pull, forge.head("work") or "", access)

        assert isinstance(refusal, HttpError)
        assert 401 == refusal.status

    def test_a_limit_says_when_to_come_back(self, host: GitHost, forge: Forge, pull: PullRef, access: Access) -> None:
        """It is transient whatever its status."""
        forge.limit_next(600)
        refusal = host.pull_state(pull, access)

        assert isinstance(refusal, HttpError)
        assert refusal.transient
        assert refusal.retry_at is not None
        assert abs(refusal.retry_at - forge.clock.now() - timedelta(seconds=600)) < timedelta(seconds=10)

    @pytest.mark.parametrize(("how", "reason"), [("not_json", "json_parse"), ("wrong_shape", "schema_mismatch")])
    def test_a_body_that_is_not_as_documented_is_invalid(
        self, host: GitHost, forge: Forge, pull: PullRef, access: Access, *, how: Spoiled, reason: str
    ) -> None:
        """No JSON is told from another shape."""
        forge.spoil_next(how)
        refusal = host.pull_state(pull, access)

        assert isinstance(refusal, InvalidResponse)
        assert reason == refusal.reason

    @pytest.mark.parametrize("how", ["truncated", "dropped"])
    def test_half_an_answer_is_none(
        self, host: GitHost, forge: Forge, pull: PullRef, access: Access, *, how: Spoiled
    ) -> None:
        """The line was cut; that can pass."""
        forge.spoil_next(how)
        refusal = host.pull_state(pull, access)

        assert isinstance(refusal, HttpError)
        assert (0, True) == (refusal.status, refusal.transient)

    def test_the_token_goes_to_no_other_host(self, host: GitHost, forge: Forge, pull: PullRef, access: Access) -> None:
        """A redirect elsewhere is refused, and the other host hears nothing at all of it."""
        forge.redirect_next(elsewhere=True)
        refusal = host.pull_state(pull, access)

        assert isinstance(refusal, HttpError)
        assert not refusal.transient
        assert set() == forge.tokens_elsewhere()

    def test_a_redirect_within_the_host_is_followed(
        self, host: GitHost, forge: Forge, pull: PullRef, access: Access
    ) -> None:
        """Renamed repositories answer so."""
        forge.redirect_next(elsewhere=False)

        assert isinstance(host.pull_state(pull, access), PullState)

    @pytest.mark.parametrize("got", ["evil.example", "gitlab.com.evil.example", "github.com.evil.example"])
    def test_nothing_is_sent_for_a_repository_of_another_host(
        self, host: GitHost, forge: Forge, pull: PullRef, access: Access, *, got: str
    ) -> None:
        """Whatever is asked for; the refusal names both hosts."""
        before, ours = forge.requests(), forge.repository
        other = Repository(provider=ours.provider, host=got, owner=ours.owner, name=ours.name)
        foreign = PullRef(repository=other, number=pull.number, url=pull.url)
        order = PullOrder(head="work", base="main", title=TITLE, body="")
        refusals = [
            host.pull_state(foreign, access),
            host.feedback(foreign, "0" * 40, access),
            host.merge(foreign, "0" * 40, TITLE, access),
            host.open_pull(other, order, access),
            host.make_branch(other, "convoy/one", "main", access),
        ]

        expected = HostMismatch(provider=ours.provider, expected=ours.host, got=got)
        assert [expected] * 5 == refusals
        assert before == forge.requests()

    def test_a_token_that_comes_back_in_an_answer_is_not_repeated(
        self, host: GitHost, forge: Forge, pull: PullRef, access: Access
    ) -> None:
        """Refusals are shown to people and kept; no secret is in them."""
        forge.fail_next(401, message=f"Bad credentials: {forge.token}")
        refusal = host.pull_state(pull, access)

        assert isinstance(refusal, HttpError)
        assert forge.token not in repr(refusal)
        assert forge.token not in repr(access)


class GitHostContract(PullStateContract, FeedbackContract, MergeContract, OpeningContract, RefusalContract):
    """The whole suite."""
