"""A watched pull request: what each thing that the provider says means for the review."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gastown.domain.attempts import MERGES
from gastown.domain.bead import BeadStatus
from gastown.domain.effect import EffectKind
from gastown.domain.ending import end_bead
from gastown.domain.limits import MAX_REVIEW_ROUNDS, MAX_TRANSIENT_POLLS, POLL_INTERVAL, SLOW_POLL_INTERVAL
from gastown.domain.pull import (
    Feedback,
    HttpError,
    Look,
    Mergeability,
    MergeStrategy,
    NoToken,
    Provider,
    PullMerge,
    PullMerged,
    PullState,
    PullStatus,
    Thread,
)
from gastown.domain.reporting import approve
from gastown.domain.review import Review, ReviewPhase
from gastown.domain.town import Town
from gastown.domain.watch import Watch
from gastown.domain.watching import (
    apply_opened,
    apply_poll,
    apply_pull_merge,
    apply_refusal,
    ask_provider,
    touch_request,
)
from gastown.reconciler.obstacles import obstacles_of
from gastown.reconciler.signs import green_until
from tests.support.builders import NOW, a_bead, a_review, a_town, fresh

URL = "https://github.com/acme/rig/pull/7"
OPEN = PullState(status=PullStatus.OPEN, head_sha="sha-1", mergeability=Mergeability.CLEAN, merge_state="clean")
GREEN = Feedback(head_sha="sha-1")
THREADS = Feedback(head_sha="sha-1", threads=(Thread(author="ann", body="Why?", place="a.py:3"),))
DOWN = HttpError(provider=Provider.GITHUB, status=503, text="down", transient=True)


@pytest.fixture
def town() -> Town:
    """A town that watches the approved pull request of one bead."""
    town = a_town()
    bead = a_bead(town, status=BeadStatus.IN_REVIEW)
    review = a_review(town, bead, strategy=MergeStrategy.PR, watch=Watch(url=URL, number=7))
    approve(review, None, fresh())
    return town


def review_of(town: Town) -> Review:
    """The town's one review."""
    return town.reviews["review-1"]  # type: ignore[index]


def poll(town: Town, state: PullState = OPEN, feedback: Feedback | None = GREEN, *, seconds: float = 0) -> None:
    """Ask the provider, and let it answer at once."""
    review = review_of(town)
    ask_provider(town, review, EffectKind.POLL_PULL, fresh(seconds))
    apply_poll(town, review.id, review.watch.asks, Look(state=state, feedback=feedback), fresh(seconds))


def merge(town: Town, how: PullMerge, **more: str) -> Review:
    """Ask for the merge, and let the provider answer so."""
    review = review_of(town)
    ask_provider(town, review, EffectKind.MERGE_PULL, fresh())
    apply_pull_merge(town, review.id, review.watch.asks, PullMerged(how=how, **more), fresh())
    return review


def test_an_approved_review_of_strategy_pr_is_watched() -> None:
    """Not merged by the container."""
    review = a_review(a_town(), None, strategy=MergeStrategy.PR)
    approve(review, None, fresh())

    assert ReviewPhase.WATCHING is review.phase


def test_an_opened_request_is_remembered_whatever_the_agent_claimed() -> None:
    """The platform found it, or made it."""
    town = a_town()
    review = a_review(town, None, strategy=MergeStrategy.PR, watch=Watch(claimed_url="https://evil.example/pull/1"))
    ask_provider(town, review, EffectKind.OPEN_PULL, fresh())
    apply_opened(town, review.id, 1, (URL, 7), fresh())

    assert (URL, 7) == (review.watch.url, review.watch.number)
    assert not review.watch.is_asked


def test_an_answer_to_an_older_ask_changes_nothing(town: Town) -> None:
    """Delivered late, or twice."""
    review = review_of(town)
    ask_provider(town, review, EffectKind.POLL_PULL, fresh())
    ask_provider(town, review, EffectKind.POLL_PULL, fresh())
    apply_poll(town, review.id, 1, Look(state=replace(OPEN, status=PullStatus.CLOSED)), fresh())
    apply_refusal(town, review.id, 1, NoToken(provider=Provider.GITHUB, tried=()), fresh())

    assert ReviewPhase.WATCHING is review_of(town).phase
    assert review.watch.is_asked


def test_a_green_request_starts_its_grace_period_once(town: Town) -> None:
    """Looking again does not start it anew."""
    poll(town)
    poll(town, seconds=60)

    assert NOW == review_of(town).watch.green_since
    assert [] == review_of(town).watch.held_by


HELD = {
    "draft": (replace(OPEN, is_draft=True), GREEN),
    "check failed": (OPEN, replace(GREEN, failing=("lint",))),
    "check under way": (OPEN, replace(GREEN, pending=("build",))),
    "approval": (OPEN, replace(GREEN, awaiting_approval=True)),
    "requested changes": (OPEN, replace(GREEN, changes_requested=True)),
    "could not read": (OPEN, replace(GREEN, missing=("threads: HTTP 502",))),
    "more checks": (OPEN, replace(GREEN, unchecked=True)),
    "unstable": (replace(OPEN, mergeability=Mergeability.OTHER, merge_state="unstable"), GREEN),
    "not known": (OPEN, None),
}


@pytest.mark.parametrize(("word", "state", "feedback"), [(word, *seen) for word, seen in HELD.items()])
def test_whatever_is_not_known_to_be_fine_holds_it_back(
    town: Town, word: str, state: PullState, feedback: Feedback | None
) -> None:
    """Fail closed (design section 9, row 6); a grace period that ran is over."""
    town.config.refinery.auto_resolve_pr_feedback = False
    poll(town)
    poll(town, state, feedback, seconds=60)

    watch = review_of(town).watch
    assert watch.green_since is None
    assert any(word in held for held in watch.held_by), watch.held_by


def test_threads_become_one_bead_under_the_review(town: Town) -> None:
    """The approval is withdrawn, so nothing merges before the threads are answered and reviewed."""
    poll(town, OPEN, THREADS)

    [fix] = town.fixes_of(review_of(town).id)
    assert ["gt:pr-feedback"] == fix.labels
    assert "Address review comments on PR #7" == fix.title
    assert "a.py:3: ann: Why?" in town.texts[fix.id]
    assert (ReviewPhase.FIXING, None) == (review_of(town).phase, review_of(town).approved_sha)


def test_a_demand_without_a_thread_is_work_once_a_head(town: Town) -> None:
    """The reference waited for ever (reconciler facts, 8.1, no. 15); afterwards its reviewer has to look again."""
    asked = replace(GREEN, changes_requested=True, demands=(Thread(author="ann", body="Say it louder"),))
    poll(town, OPEN, asked)

    [fix] = town.fixes_of(review_of(town).id)
    assert (["gt:pr-feedback"], "Address review comments on PR #7") == (fix.labels, fix.title)
    assert "- ann: Say it louder" in town.texts[fix.id]

    review = review_of(town)
    end_bead(town, fix, BeadStatus.CLOSED, "accepted", fresh())
    approve(review, None, fresh())
    poll(town, OPEN, asked, seconds=60)
    assert (ReviewPhase.WATCHING, ["a reviewer requested changes"]) == (review.phase, review.watch.held_by)

    review.sha = "sha-2"
    approve(review, None, fresh(120))
    poll(town, replace(OPEN, head_sha="sha-2"), replace(asked, head_sha="sha-2", demands=()), seconds=120)
    assert [ReviewPhase.WATCHING] == [review_of(town).phase]
    poll(town, replace(OPEN, head_sha="sha-2"), replace(asked, head_sha="sha-2"), seconds=180)
    assert [ReviewPhase.FIXING] == [review_of(town).phase]


def test_a_demand_only_holds_it_back_where_the_settings_say_so(town: Town) -> None:
    """Then a person does what was asked."""
    town.config.refinery.auto_resolve_pr_feedback = False
    poll(town, OPEN, replace(GREEN, changes_requested=True, demands=(Thread(author="ann", body="No"),)))

    assert ([], ReviewPhase.WATCHING) == (list(town.fixes_of(review_of(town).id)), review_of(town).phase)


def test_threads_only_hold_it_back_where_the_settings_say_so(town: Town) -> None:
    """A rig's own setting wins over the town's (design section 9, row 8)."""
    town.rigs["rig-1"].overrides.auto_resolve_pr_feedback = False  # type: ignore[index]
    poll(town, OPEN, THREADS)

    assert [] == list(town.fixes_of(review_of(town).id))
    assert ["1 unresolved threads"] == review_of(town).watch.held_by


def test_feedback_that_could_not_be_read_whole_makes_no_work(town: Town) -> None:
    """What is missing may explain the rest; it is looked at again."""
    poll(town, OPEN, replace(THREADS, missing=("checks: HTTP 502",)))

    assert ReviewPhase.WATCHING is review_of(town).phase
    assert {} == town.texts


def test_a_conflict_makes_one_bead_an_episode(town: Town) -> None:
    """The same head in conflict again is the same episode; after a push it is a new one."""
    dirty = replace(OPEN, mergeability=Mergeability.CONFLICT, merge_state="dirty")
    poll(town, dirty, None)
    review = review_of(town)
    [fix] = town.fixes_of(review.id)
    assert ["gt:pr-conflict"] == fix.labels

    del town.beads[fix.id]
    approve(review, None, fresh())
    poll(town, dirty, None)
    assert [] == list(town.fixes_of(review.id))
    assert ReviewPhase.WATCHING is review.phase

    review.sha = review.approved_sha = "sha-2"
    poll(town, replace(dirty, head_sha="sha-2"), None)
    assert 1 == len(list(town.fixes_of(review.id)))


def test_a_push_takes_the_approval_back(town: Town) -> None:
    """What was approved is not what is there; the grace period starts over (state machines, `moved`)."""
    poll(town)
    poll(town, replace(OPEN, head_sha="sha-2"), GREEN, seconds=60)

    review = review_of(town)
    assert (ReviewPhase.QUEUED, "sha-2") == (review.phase, review.sha)
    assert review.approved_sha is None
    assert review.watch.green_since is None


def test_a_request_that_is_being_computed_changes_nothing(town: Town) -> None:
    """Neither clean nor in conflict: look again."""
    poll(town)
    poll(town, replace(OPEN, mergeability=Mergeability.COMPUTING), None, seconds=60)

    assert NOW == review_of(town).watch.green_since


def test_a_merge_by_somebody_else_closes_the_bead_with_an_outside_receipt(town: Town) -> None:
    """Also of a head that nobody here approved."""
    review = review_of(town)
    poll(town, PullState(status=PullStatus.MERGED, head_sha="sha-9", merge_commit_sha="merge-9"), None)

    assert review.receipt is not None
    assert (True, "sha-9", "merge-9", None) == (
        review.receipt.outside, review.receipt.sha, review.receipt.commit_sha, review.receipt.approved_by
    )  # fmt: skip
    assert {} == town.beads


def test_a_request_that_somebody_closed_reopens_its_bead(town: Town) -> None:
    """Not for good: the bead tries again, in a new request."""
    poll(town, PullState(status=PullStatus.CLOSED, head_sha="sha-1"), None)

    assert {} == town.reviews
    assert BeadStatus.OPEN is town.bead("bead-1").status


def test_transient_refusals_are_counted_shown_and_end_it_at_last(town: Town) -> None:
    """Nine in a row are waited out; the tenth fails the review with a reason that a person can act on."""
    review = review_of(town)
    for n in range(1, MAX_TRANSIENT_POLLS + 1):
        ask_provider(town, review, EffectKind.POLL_PULL, fresh())
        apply_refusal(town, review.id, review.watch.asks, DOWN, fresh())
        assert n == review.watch.transient
        assert (n < MAX_TRANSIENT_POLLS) == (review.id in town.reviews)

    assert str(review.failure).startswith("pr_poll_failed: GitHub answered HTTP 503")
    assert ["http_error"] == [note.new for note in town.notes if note.type == "pr_poll_failed"]
    assert BeadStatus.OPEN is town.bead("bead-1").status


def test_a_good_answer_forgets_the_refusals(town: Town) -> None:
    """REQ-5.6, 5.9: the kind is kept below the threshold too, until an answer comes."""
    review = review_of(town)
    ask_provider(town, review, EffectKind.POLL_PULL, fresh())
    apply_refusal(town, review.id, review.watch.asks, DOWN, fresh())
    assert ("http_error", 1) == (review.watch.refusal, review.watch.transient)

    poll(town)
    assert (None, None, 0, 0) == (
        review.watch.refusal, review.watch.said, review.watch.transient, review.watch.invalid
    )  # fmt: skip


def test_a_rate_limit_is_waited_out_as_told(town: Town) -> None:
    """REQ-5.15."""
    review = review_of(town)
    told = replace(DOWN, status=403, retry_at=NOW + timedelta(minutes=20))
    ask_provider(town, review, EffectKind.POLL_PULL, fresh())
    apply_refusal(town, review.id, review.watch.asks, told, fresh())

    assert NOW + timedelta(minutes=20) == review.watch.next_at


def test_looks_are_a_minute_apart_and_seldom_while_webhooks_come_in(town: Town) -> None:
    """REQ-5.13; a running grace period is followed minute by minute all the same."""
    held = replace(GREEN, awaiting_approval=True)
    poll(town, OPEN, held)
    assert NOW + POLL_INTERVAL == review_of(town).watch.next_at

    assert touch_request(town, "rig-1", None, 7, fresh(10))
    assert NOW + timedelta(seconds=10) == review_of(town).watch.next_at
    poll(town, OPEN, held, seconds=10)
    assert NOW + timedelta(seconds=10) + SLOW_POLL_INTERVAL == review_of(town).watch.next_at

    poll(town, OPEN, GREEN, seconds=20)
    assert NOW + timedelta(seconds=20) + POLL_INTERVAL == review_of(town).watch.next_at


def test_a_webhook_of_another_request_moves_nothing(town: Town) -> None:
    """It only says that webhooks work."""
    poll(town)
    before = review_of(town).watch.next_at

    assert not touch_request(town, "rig-1", "elsewhere", 8, fresh(10))
    assert not touch_request(town, "rig-9", None, 7, fresh(10))
    assert before == review_of(town).watch.next_at


@pytest.mark.parametrize("how", [PullMerge.MERGED, PullMerge.ALREADY_MERGED])
def test_a_merge_closes_the_bead_with_a_receipt_of_the_approved_sha(town: Town, how: PullMerge) -> None:
    """A lost answer is found as already merged."""
    review = merge(town, how, commit_sha="merge-1")

    assert review.receipt is not None
    assert ("sha-1", "merge-1", False) == (review.receipt.sha, review.receipt.commit_sha, review.receipt.outside)
    assert ({}, {}) == (town.reviews, town.beads)


def test_a_merge_of_another_head_by_somebody_else_is_not_called_approved(town: Town) -> None:
    """They pushed and merged between the look and the merge."""
    review = merge(town, PullMerge.ALREADY_MERGED, commit_sha="merge-2", head_sha="sha-2")

    assert review.receipt is not None
    assert ("sha-2", None, True) == (review.receipt.sha, review.receipt.approved_by, review.receipt.outside)


def test_a_merge_of_a_moved_head_needs_a_new_approval(town: Town) -> None:
    """The provider refused it because the named sha is not the head."""
    review = merge(town, PullMerge.MOVED, head_sha="sha-2")

    assert (ReviewPhase.QUEUED, "sha-2", None) == (review.phase, review.sha, review.approved_sha)


def test_a_merge_that_is_not_allowed_now_goes_back_to_watching(town: Town) -> None:
    """The grace period starts over."""
    poll(town)
    review = merge(town, PullMerge.NOT_READY, message="2 approvals required")

    assert (ReviewPhase.WATCHING, None) == (review.phase, review.watch.green_since)
    assert ["2 approvals required"] == review.watch.held_by
    assert "sha-1" == review.approved_sha


@pytest.mark.parametrize("answered", [True, False])
def test_merges_that_come_to_nothing_are_bounded_and_then_left_to_a_person(town: Town, *, answered: bool) -> None:
    """Refused or unanswered, although the request looks green each time: eight, then one escalation, and no ninth."""
    review = review_of(town)
    for _ in range(MERGES.most):
        poll(town)
        assert green_until(town, review) is not None
        ask_provider(town, review, EffectKind.MERGE_PULL, fresh())
        if answered:
            refused = PullMerged(how=PullMerge.NOT_READY, message="a rule")
            apply_pull_merge(town, review.id, review.watch.asks, refused, fresh())
        else:
            apply_refusal(town, review.id, review.watch.asks, DOWN, fresh())
    poll(town)

    assert green_until(town, review) is None
    assert [f"merge_refused:{review.id}"] == [raised.cause for raised in town.escalations.values()]
    assert any(one.what == "person" for one in obstacles_of(town, review, NOW))
    poll(town, replace(OPEN, status=PullStatus.MERGED, merge_commit_sha="by-hand"))
    assert {} == town.reviews


def test_a_new_head_is_merged_anew_after_refused_merges(town: Town) -> None:
    """Its approval counts from nothing."""
    review = review_of(town)
    review.merge_tries = MERGES.most
    poll(town, replace(OPEN, head_sha="sha-2"))
    approve(review, None, fresh())

    assert (0, "sha-2") == (review.merge_tries, review.approved_sha)


def test_a_merge_without_an_answer_is_looked_at_again(town: Town) -> None:
    """It may have happened: the next look finds out."""
    review = review_of(town)
    ask_provider(town, review, EffectKind.MERGE_PULL, fresh())
    assert review.is_merge_asked
    apply_refusal(town, review.id, review.watch.asks, DOWN, fresh())

    assert (ReviewPhase.WATCHING, False) == (review.phase, review.is_merge_asked)


def test_feedback_without_end_fails_the_review(town: Town) -> None:
    """Rounds are bounded whoever asks for them."""
    review = review_of(town)
    for _ in range(MAX_REVIEW_ROUNDS):
        poll(town, OPEN, THREADS)
        for fix in list(town.fixes_of(review.id)):
            del town.beads[fix.id]
        approve(review, None, fresh())
    assert review.id in town.reviews

    poll(town, OPEN, THREADS)
    assert review.id not in town.reviews


def test_awaiting_an_approval_is_noted_once_and_is_no_failure(town: Town) -> None:
    """With how long it took when it came."""
    for seconds in (0, 60, 120):
        poll(town, OPEN, replace(GREEN, awaiting_approval=True), seconds=seconds)
    poll(town, seconds=180)

    told = [(note.type, note.metadata.get("seconds")) for note in town.notes if note.type.startswith("pr_a")]
    assert [("pr_awaiting_approval", 0), ("pr_approval_resolved", 180)] == told
    assert ReviewPhase.WATCHING is review_of(town).phase
