"""Merging exactly one commit."""

from typing import Any

import httpx
import pytest

from gastown.domain.pull import HttpError, InvalidResponse, PullMerge, PullMerged, Refusal
from tests.support.scripted_gitlab import HEAD, MERGE_REQUEST, MERGED_AS, PULL, ScriptedGitLab, a_merge_request, sent

MERGE = f"{MERGE_REQUEST}/merge"
TITLE = "Count the widgets (gt-1)"
OTHER = "b" * 40


def merge(gitlab: ScriptedGitLab) -> PullMerged | Refusal:
    """Merge the head."""
    return gitlab.host().merge(PULL, HEAD, TITLE, gitlab.access)


def refused(status: int, message: str, **now: Any) -> PullMerged | Refusal:
    """Merge where GitLab says no, and this is what the merge request is then."""
    gitlab = ScriptedGitLab()
    gitlab.says("PUT", MERGE, {"message": message}, status=status)
    gitlab.says("GET", MERGE_REQUEST, a_merge_request(**now))
    return merge(gitlab)


def test_the_head_is_sent_and_the_project_chooses_the_method() -> None:
    """No `squash`: what project and merge request ask for applies; the title becomes the message."""
    gitlab = ScriptedGitLab()
    gitlab.says("PUT", MERGE, a_merge_request(state="merged", merge_commit_sha=MERGED_AS))
    message = f"{TITLE}\n\nSee merge request group/sub/project!7"

    merged = merge(gitlab)

    assert PullMerged(how=PullMerge.MERGED, commit_sha=MERGED_AS, head_sha=HEAD) == merged
    expected = {"sha": HEAD, "merge_commit_message": message, "squash_commit_message": message}
    assert expected == sent(gitlab.requests[0])
    assert 1 == len(gitlab.requests)


def test_without_a_title_the_project_writes_the_message() -> None:
    """It may have a template."""
    gitlab = ScriptedGitLab()
    gitlab.says("PUT", MERGE, a_merge_request(state="merged"))

    gitlab.host().merge(PULL, HEAD, "", gitlab.access)

    assert {"sha": HEAD} == sent(gitlab.requests[0])


@pytest.mark.parametrize(
    ("commits", "landed"),
    [
        ({"squash_commit_sha": OTHER}, OTHER),
        ({"squash_commit_sha": OTHER, "merge_commit_sha": MERGED_AS}, MERGED_AS),
        ({}, HEAD),
    ],
)
def test_the_commit_on_the_target_is_told(commits: dict[str, str], landed: str) -> None:
    """A fast-forward makes none of its own."""
    gitlab = ScriptedGitLab()
    gitlab.says("PUT", MERGE, a_merge_request(state="merged", **commits))

    merged = merge(gitlab)

    assert isinstance(merged, PullMerged)
    assert landed == merged.commit_sha


def test_a_merge_that_is_not_finished_is_not_called_merged() -> None:
    """The next try finds out."""
    gitlab = ScriptedGitLab()
    gitlab.says("PUT", MERGE, a_merge_request(state="locked"))

    merged = merge(gitlab)

    assert isinstance(merged, PullMerged)
    assert (PullMerge.NOT_READY, None) == (merged.how, merged.commit_sha)


@pytest.mark.parametrize("status", [405, 406, 409, 422])
def test_a_merge_whose_answer_was_lost_is_found(status: int) -> None:
    """Whatever GitLab says to a second one; which head was merged is told."""
    merged = refused(status, "405 Method Not Allowed", state="merged", merge_commit_sha=MERGED_AS)

    assert PullMerged(how=PullMerge.ALREADY_MERGED, commit_sha=MERGED_AS, head_sha=HEAD) == merged


@pytest.mark.parametrize(
    ("status", "message"),
    [(409, f"SHA does not match HEAD of source branch: {OTHER}"), (405, "405 Method Not Allowed"), (422, "x")],
)
def test_a_head_that_moved_is_told(status: int, message: str) -> None:
    """GitLab looks at mergeability before it looks at the head, so 405 may hide it."""
    merged = refused(status, message, sha=OTHER, detailed_merge_status="ci_still_running")

    assert isinstance(merged, PullMerged)
    assert (PullMerge.MOVED, OTHER, None) == (merged.how, merged.head_sha, merged.commit_sha)


@pytest.mark.parametrize(
    "now",
    [
        {"detailed_merge_status": "conflict"},
        {"detailed_merge_status": "not_approved", "has_conflicts": True},
        {"detailed_merge_status": None, "merge_status": "cannot_be_merged"},
    ],
)
@pytest.mark.parametrize("status", [405, 406, 422])
def test_a_conflict_is_told_from_what_is_not_ready(status: int, now: dict[str, Any]) -> None:
    """By the merge request, not by the status, which changed over the years."""
    merged = refused(status, "Branch cannot be merged", **now)

    assert isinstance(merged, PullMerged)
    assert PullMerge.CONFLICT is merged.how


@pytest.mark.parametrize(
    ("now", "message"),
    [
        ({"detailed_merge_status": "not_approved"}, "405 Method Not Allowed: not_approved"),
        ({"detailed_merge_status": "draft_status", "draft": True}, "405 Method Not Allowed: draft_status"),
        ({"detailed_merge_status": "checking"}, "405 Method Not Allowed: checking"),
        ({"detailed_merge_status": "mergeable"}, "405 Method Not Allowed: mergeable"),
        ({"state": "closed", "detailed_merge_status": "not_open"}, "405 Method Not Allowed: closed"),
        ({"state": "closed", "sha": OTHER, "has_conflicts": True}, "405 Method Not Allowed: closed"),
    ],
)
def test_whatever_else_gitlab_does_not_allow_is_not_ready(now: dict[str, Any], message: str) -> None:
    """Its words and the merge request's say why."""
    merged = refused(405, "405 Method Not Allowed", **now)

    assert isinstance(merged, PullMerged)
    assert (PullMerge.NOT_READY, message) == (merged.how, merged.message)


def test_a_user_who_may_not_merge_is_told_from_a_token_that_is_no_good() -> None:
    """GitLab says 401 to both; who may still read the merge request lacks a right, not a token."""
    refusal = refused(401, "401 Unauthorized")

    assert isinstance(refusal, HttpError)
    assert (403, False) == (refusal.status, refusal.transient)
    assert "may not merge into main" in refusal.text


def test_a_token_that_is_no_good_is_told() -> None:
    """It may not read either."""
    gitlab = ScriptedGitLab()
    for method, url in (("PUT", MERGE), ("GET", MERGE_REQUEST)):
        gitlab.says(method, url, {"message": "401 Unauthorized"}, status=401)

    refusal = merge(gitlab)

    assert isinstance(refusal, HttpError)
    assert 401 == refusal.status


@pytest.mark.parametrize(("status", "transient"), [(403, False), (404, False), (500, True), (429, True)])
def test_a_refusal_that_is_not_about_the_merge_is_one(status: int, *, transient: bool) -> None:
    """Nothing is looked up."""
    refusal = refused(status, f"{status} no")

    assert isinstance(refusal, HttpError)
    assert (status, transient) == (refusal.status, refusal.transient)


def test_an_unknown_outcome_is_transient() -> None:
    """The connection ended before the answer; the next try looks."""
    gitlab = ScriptedGitLab()

    def lost(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("lost", request=request)

    gitlab.does("PUT", MERGE, lost)
    refusal = merge(gitlab)

    assert isinstance(refusal, HttpError)
    assert (0, True) == (refusal.status, refusal.transient)


def test_a_look_that_fails_is_its_own_refusal() -> None:
    """Nothing is guessed of a merge request that cannot be read."""
    gitlab = ScriptedGitLab()
    gitlab.says("PUT", MERGE, {"message": "405 Method Not Allowed"}, status=405)
    gitlab.says("GET", MERGE_REQUEST, {}, status=503)

    refusal = merge(gitlab)

    assert isinstance(refusal, HttpError)
    assert 503 == refusal.status


def test_a_success_of_another_shape_is_no_merge() -> None:
    """It is reported as such."""
    gitlab = ScriptedGitLab()
    gitlab.says("PUT", MERGE, {"merged": True})

    assert isinstance(merge(gitlab), InvalidResponse)
