"""A merge request's state in the words of the house."""

from typing import Any

import pytest

from gastown.adapters.gitlab.merge_request import mergeability
from gastown.domain.pull import Mergeability, PullState, PullStatus
from tests.support.scripted_gitlab import (
    HEAD,
    MERGE_REQUEST,
    MERGED_AS,
    PULL,
    TOKEN,
    ScriptedGitLab,
    a_merge_request,
)


def state_of(body: dict[str, Any]) -> PullState:
    """What the adapter makes of this merge request."""
    gitlab = ScriptedGitLab()
    gitlab.says("GET", MERGE_REQUEST, body)
    state = gitlab.host().pull_state(PULL, gitlab.access)
    assert isinstance(state, PullState), state
    return state


def test_an_open_merge_request_is_read_in_one_call() -> None:
    """Head, branches, title, draft and mergeability; the token stands in one header and nowhere else."""
    gitlab = ScriptedGitLab()
    gitlab.says("GET", MERGE_REQUEST, a_merge_request(a_field_of_tomorrow={"x": 1}))

    state = gitlab.host().pull_state(PULL, gitlab.access)

    assert state == PullState(
        status=PullStatus.OPEN,
        head_sha=HEAD,
        head_branch="manual-job-rules",
        base_branch="main",
        title="Manual job rules",
        mergeability=Mergeability.CLEAN,
        merge_state="mergeable",
    )
    assert [("GET", MERGE_REQUEST)] == gitlab.asked
    assert f"Bearer {TOKEN}" == gitlab.requests[0].headers["authorization"]
    assert TOKEN not in str(gitlab.requests[0].url)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("opened", PullStatus.OPEN),
        ("locked", PullStatus.OPEN),
        ("archived", PullStatus.OPEN),
        ("merged", PullStatus.MERGED),
        ("closed", PullStatus.CLOSED),
    ],
)
def test_whatever_is_neither_merged_nor_closed_is_open(word: str, status: PullStatus) -> None:
    """Also a word that GitLab does not know yet (source-control facts, 2.5)."""
    assert status is state_of(a_merge_request(state=word)).status


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("mergeable", Mergeability.CLEAN),
        ("can_be_merged", Mergeability.CLEAN),
        ("conflict", Mergeability.CONFLICT),
        ("broken_status", Mergeability.CONFLICT),
        ("cannot_be_merged", Mergeability.CONFLICT),
        ("checking", Mergeability.COMPUTING),
        ("unchecked", Mergeability.COMPUTING),
        ("preparing", Mergeability.COMPUTING),
        ("approvals_syncing", Mergeability.COMPUTING),
        ("cannot_be_merged_recheck", Mergeability.COMPUTING),
        ("not_approved", Mergeability.BLOCKED),
        ("ci_must_pass", Mergeability.BLOCKED),
        ("ci_still_running", Mergeability.BLOCKED),
        ("discussions_not_resolved", Mergeability.BLOCKED),
        ("draft_status", Mergeability.BLOCKED),
        ("requested_changes", Mergeability.BLOCKED),
        ("status_checks_must_pass", Mergeability.BLOCKED),
        ("security_policy_violations", Mergeability.BLOCKED),
        ("merge_request_blocked", Mergeability.BLOCKED),
        ("merge_time", Mergeability.BLOCKED),
        ("locked_paths", Mergeability.BLOCKED),
        ("title_regex", Mergeability.BLOCKED),
        ("not_open", Mergeability.BLOCKED),
        ("need_rebase", Mergeability.OTHER),
        ("waits_for_full_moon", Mergeability.OTHER),
        ("", Mergeability.OTHER),
    ],
)
def test_each_documented_word_has_a_meaning_and_unknown_ones_block(word: str, meaning: Mergeability) -> None:
    """The word itself is kept."""
    assert meaning is mergeability(word)
    if word:
        state = state_of(a_merge_request(detailed_merge_status=word))
        assert (meaning, word) == (state.mergeability, state.merge_state)


@pytest.mark.parametrize("word", ["discussions_not_resolved", "draft_status", "not_approved", "mergeable"])
def test_a_conflict_is_seen_behind_what_gitlab_names_first(word: str) -> None:
    """GitLab names one hindrance; whether branches conflict has a field of its own."""
    state = state_of(a_merge_request(detailed_merge_status=word, has_conflicts=True))

    assert (Mergeability.CONFLICT, word) == (state.mergeability, state.merge_state)


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("can_be_merged", Mergeability.CLEAN),
        ("cannot_be_merged", Mergeability.CONFLICT),
        ("unchecked", Mergeability.COMPUTING),
    ],
)
def test_an_older_instance_has_only_the_older_word(word: str, meaning: Mergeability) -> None:
    """Before 15.6 there is `merge_status`, and before 14 `work_in_progress`."""
    body = a_merge_request(merge_status=word, work_in_progress=True)
    del body["detailed_merge_status"], body["draft"]

    state = state_of(body)

    assert (meaning, word, True) == (state.mergeability, state.merge_state, state.is_draft)


@pytest.mark.parametrize(
    ("merge_commit", "squash_commit", "landed"),
    [(MERGED_AS, None, MERGED_AS), (MERGED_AS, "b" * 40, MERGED_AS), (None, "b" * 40, "b" * 40), (None, None, HEAD)],
)
def test_a_merge_has_the_commit_that_is_on_the_target(
    merge_commit: str | None, squash_commit: str | None, landed: str
) -> None:
    """The merge commit, else the squashed one, else the head itself: a fast-forward makes no commit."""
    state = state_of(a_merge_request(state="merged", merge_commit_sha=merge_commit, squash_commit_sha=squash_commit))

    assert landed == state.merge_commit_sha


def test_an_open_merge_request_has_landed_as_nothing() -> None:
    """Its head is not yet on the target."""
    assert state_of(a_merge_request()).merge_commit_sha is None


def test_a_draft_is_told() -> None:
    """By its own field."""
    assert state_of(a_merge_request(draft=True, detailed_merge_status="draft_status")).is_draft


def test_an_unchanged_merge_request_is_remembered_by_its_tag() -> None:
    """304 brings no body; what was kept of the last answer stands for it."""
    gitlab = ScriptedGitLab()
    gitlab.says("GET", MERGE_REQUEST, a_merge_request(), headers={"ETag": 'W/"1"'})
    gitlab.says("GET", MERGE_REQUEST, status=304)

    first, second = (gitlab.host().pull_state(PULL, gitlab.access) for _ in range(2))

    assert first == second
    assert [None, 'W/"1"'] == [request.headers.get("if-none-match") for request in gitlab.requests]
    assert len(str(gitlab.memory.kept)) < 2_000


def test_an_instance_without_tags_is_read_again() -> None:
    """Nothing is kept, and nothing is missing."""
    gitlab = ScriptedGitLab()
    gitlab.says("GET", MERGE_REQUEST, a_merge_request())

    assert gitlab.host().pull_state(PULL, gitlab.access) == gitlab.host().pull_state(PULL, gitlab.access)
    assert {} == gitlab.memory.kept
