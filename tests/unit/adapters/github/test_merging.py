"""Merging one named sha, and why it was not done."""

from typing import Any

import httpx
import pytest

from gastown.domain.pull import HttpError, InvalidResponse, PullMerge, PullMerged, Refusal
from tests.unit.adapters.scripted import BASE, HEAD, PULL, Script, access, answer, pull_body

MERGE, LOOK = f"{BASE}/pulls/7/merge", f"{BASE}/pulls/7"
NOT_MERGEABLE = answer(405, {"message": "Pull Request is not mergeable"})
MOVED_ON = answer(409, {"message": "Head branch was modified. Review and try the merge again."})


def forbids(what: str) -> httpx.Response:
    """GitHub's answer to a method that the repository forbids."""
    return answer(405, {"message": f"{what} are not allowed on this repository."})


SQUASH, MERGES, REBASE = forbids("Squash merges"), forbids("Merge commits"), forbids("Rebase merges")
DONE = answer(body={"sha": "d" * 40, "merged": True, "message": "Pull Request successfully merged"})


@pytest.fixture
def script() -> Script:
    """The provider; looking at the pull request shows it open and clean."""
    script = Script()
    script.on("GET", LOOK, answer(body=pull_body()))
    return script


def merge(script: Script) -> PullMerged | Refusal:
    """Merge the head."""
    return script.github().merge(PULL, HEAD, "Count (gt-1)", access())


def test_a_merge_names_the_sha_that_was_approved(script: Script) -> None:
    """Weak spot 6 of the reference: without it, whatever was pushed last would land."""
    script.on("PUT", MERGE, DONE)
    merged = merge(script)

    sent = {"sha": HEAD, "merge_method": "squash", "commit_title": "Count (gt-1)"}
    assert [sent] == script.bodies("PUT")
    assert merged == PullMerged(
        how=PullMerge.MERGED, commit_sha="d" * 40, head_sha=HEAD, message="Pull Request successfully merged"
    )


@pytest.mark.parametrize(
    ("answers", "tried"),
    [
        ([DONE], ["squash"]),
        ([SQUASH, DONE], ["squash", "merge"]),
        ([SQUASH, MERGES, DONE], ["squash", "merge", "rebase"]),
    ],
)
def test_the_next_method_is_tried_if_one_is_forbidden(
    script: Script, answers: list[httpx.Response], tried: list[str]
) -> None:
    """Each with the sha."""
    script.on("PUT", MERGE, *answers)
    merged = merge(script)

    assert isinstance(merged, PullMerged)
    assert PullMerge.MERGED == merged.how
    assert [(method, HEAD) for method in tried] == [
        (body["merge_method"], body["sha"]) for body in script.bodies("PUT")
    ]


def test_a_repository_that_allows_no_method_is_not_ready(script: Script) -> None:
    """GitHub's words say why."""
    script.on("PUT", MERGE, SQUASH, MERGES, REBASE)

    expected = PullMerged(
        how=PullMerge.NOT_READY, head_sha=HEAD, message="Rebase merges are not allowed on this repository."
    )
    assert expected == merge(script)


@pytest.mark.parametrize(
    "text",
    [
        "Pull Request is not mergeable",
        "Base branch was modified. Review and try the merge again.",
        "At least 1 approving review is required by reviewers with write access.",
        'Required status check "unit" is expected.',
        "Pull Request is still a draft",
    ],
)
def test_another_refusal_tries_no_other_method(script: Script, text: str) -> None:
    """A rule that holds back a squash is not got around by a rebase."""
    script.on("PUT", MERGE, answer(405, {"message": text}))

    assert PullMerged(how=PullMerge.NOT_READY, head_sha=HEAD, message=text) == merge(script)
    assert 1 == len(script.bodies("PUT"))


@pytest.mark.parametrize("refused", [NOT_MERGEABLE, MOVED_ON])
@pytest.mark.parametrize(
    ("now", "how", "commit"),
    [
        ({"state": "closed", "merged": True}, PullMerge.ALREADY_MERGED, "c" * 40),
        ({"state": "closed"}, PullMerge.NOT_READY, None),
        ({"head": {"ref": "work", "sha": "e" * 40}}, PullMerge.MOVED, None),
        ({"mergeable_state": "dirty"}, PullMerge.CONFLICT, None),
        ({"mergeable_state": "blocked"}, PullMerge.NOT_READY, None),
        ({"mergeable_state": "unknown"}, PullMerge.NOT_READY, None),
        ({"mergeable_state": "clean"}, PullMerge.NOT_READY, None),
    ],
)
def test_a_refused_merge_is_explained_by_what_the_pull_request_is(
    script: Script, *, refused: httpx.Response, now: dict[str, Any], how: PullMerge, commit: str | None
) -> None:
    """One status means many things; the look tells them apart."""
    script.on("PUT", MERGE, refused)
    script.on("GET", LOOK, answer(body=pull_body(**now)))
    merged = merge(script)

    assert isinstance(merged, PullMerged)
    assert (how, commit) == (merged.how, merged.commit_sha)
    assert pull_body(**now)["head"]["sha"] == merged.head_sha


def test_a_merge_that_somebody_else_made_of_another_head_says_so(script: Script) -> None:
    """It is merged; that it was another head is for the caller to judge."""
    script.on("PUT", MERGE, NOT_MERGEABLE)
    body = pull_body(state="closed", merged=True, head={"ref": "work", "sha": "e" * 40})
    script.on("GET", LOOK, answer(body=body))

    assert PullMerged(how=PullMerge.ALREADY_MERGED, commit_sha="c" * 40, head_sha="e" * 40) == merge(script)


@pytest.mark.parametrize(
    ("failure", "status", "transient"),
    [
        (answer(403, {"message": "Resource not accessible by integration"}), 403, False),
        (answer(404, {"message": "Not Found"}), 404, False),
        (answer(422, {"message": "Validation Failed"}), 422, False),
        (answer(502), 502, True),
        (httpx.ReadTimeout(""), 0, True),
    ],
)
def test_other_refusals_are_what_they_are(
    script: Script, *, failure: httpx.Response | Exception, status: int, transient: bool
) -> None:
    """Nothing is looked at, and no other method is tried."""
    script.on("PUT", MERGE, failure)
    refusal = merge(script)

    assert isinstance(refusal, HttpError)
    assert (status, transient, 1) == (refusal.status, refusal.transient, len(script.requests))


def test_a_look_that_is_refused_is_the_refusal(script: Script) -> None:
    """Why the merge was refused is not known then."""
    script.on("PUT", MERGE, NOT_MERGEABLE)
    script.on("GET", LOOK, answer(503))
    refusal = merge(script)

    assert isinstance(refusal, HttpError)
    assert (503, True) == (refusal.status, refusal.transient)


def test_a_success_that_merged_nothing_is_not_ready(script: Script) -> None:
    """The body decides, not the status."""
    script.on("PUT", MERGE, answer(body={"sha": "d" * 40, "merged": False, "message": "Queued"}))

    assert PullMerged(how=PullMerge.NOT_READY, head_sha=HEAD, message="Queued") == merge(script)


def test_a_success_of_another_shape_is_invalid(script: Script) -> None:
    """Whether it was merged is found by the next try."""
    script.on("PUT", MERGE, answer(202, {"job": 1}))
    refusal = merge(script)

    assert isinstance(refusal, InvalidResponse)
    assert ("job",) == refusal.keys
