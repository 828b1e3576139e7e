"""What stands between a merge request and its merge."""

from typing import Any

import pytest

from gastown.domain.pull import Feedback, HttpError, InvalidResponse, Refusal, Thread
from tests.support.scripted_gitlab import HEAD, MERGE_REQUEST, PULL, STATUSES, ScriptedGitLab, a_merge_request

DISCUSSIONS = f"{MERGE_REQUEST}/discussions"
APPROVALS = f"{MERGE_REQUEST}/approvals"
REVIEWERS = f"{MERGE_REQUEST}/reviewers"


@pytest.fixture
def gitlab() -> ScriptedGitLab:
    """An instance that knows the merge request, and nothing against it."""
    return ScriptedGitLab()


def read(gitlab: ScriptedGitLab, **more: Any) -> Feedback | Refusal:
    """The feedback of the head; what was not scripted is empty."""
    gitlab.says("GET", MERGE_REQUEST, a_merge_request(**more))
    for url, body in ((DISCUSSIONS, []), (APPROVALS, {"approved": False, "approved_by": []}), (STATUSES, [])):
        if ("GET", url) not in gitlab.replies:
            gitlab.says("GET", url, body)
    return gitlab.host().feedback(PULL, HEAD, gitlab.access)


def feedback_of(gitlab: ScriptedGitLab, **more: Any) -> Feedback:
    """The same, where an answer is expected."""
    feedback = read(gitlab, **more)
    assert isinstance(feedback, Feedback), feedback
    return feedback


def a_note(body: str = "Count from one.", **more: Any) -> dict[str, Any]:
    """A note that waits to be resolved.

    https://docs.gitlab.com/api/discussions/#list-all-merge-request-discussion-items
    """
    return {
        "id": 1128,
        "type": "DiscussionNote",
        "body": body,
        "author": {"id": 1, "username": "rita"},
        "system": False,
        "resolvable": True,
        "resolved": False,
        **more,
    }


def a_status(name: str, status: str, **more: Any) -> dict[str, Any]:
    """A job or an external status. https://docs.gitlab.com/api/commits/#list-commit-statuses."""
    return {"id": 90, "name": name, "status": status, "ref": "work", "sha": HEAD, "allow_failure": False, **more}


def a_pipeline(status: str, **more: Any) -> dict[str, Any]:
    """A head pipeline. https://docs.gitlab.com/api/merge_requests/#retrieve-a-merge-request."""
    return {"id": 47, "sha": HEAD, "ref": "work", "status": status, **more}


def test_where_nobody_said_anything_all_is_green(gitlab: ScriptedGitLab) -> None:
    """Four calls: the reviewers are not asked for if there are none."""
    assert Feedback(head_sha=HEAD) == feedback_of(gitlab)
    assert [MERGE_REQUEST, DISCUSSIONS, APPROVALS, STATUSES] == [url for _, url in gitlab.asked]


def test_a_thread_is_a_discussion_with_a_note_that_can_be_resolved_and_is_not(gitlab: ScriptedGitLab) -> None:
    """Comments, resolved ones and GitLab's own notes are none."""
    position = {"new_path": "widgets.txt", "old_path": "widgets.txt", "new_line": 3, "old_line": None}
    notes = [
        [a_note(resolved=True)],
        [a_note(resolvable=False)],
        [a_note("changed the description", system=True)],
        [a_note(resolvable=True, resolved=True), a_note("A reply nobody resolved.", resolved=False)],
        [a_note(position=position), a_note("I did.", author={"username": "toast"})],
    ]
    gitlab.says("GET", DISCUSSIONS, [{"id": "x", "individual_note": False, "notes": each} for each in notes])

    feedback = feedback_of(gitlab)

    assert feedback.threads == (
        Thread(author="rita", body="rita: Count from one.\n\nrita: A reply nobody resolved."),
        Thread(author="rita", body="rita: Count from one.\n\ntoast: I did.", place="widgets.txt:3"),
    )
    assert (True, False) == (feedback.asks_for_work, feedback.is_green)


@pytest.mark.parametrize(
    ("position", "place"),
    [
        ({"old_path": "gone.txt", "old_line": 4, "new_path": None, "new_line": None}, "gone.txt:4"),
        ({"new_path": "logo.png", "position_type": "image"}, "logo.png"),
        ({}, None),
        (None, None),
    ],
)
def test_a_thread_has_the_place_that_is_known(gitlab: ScriptedGitLab, position: object, place: str | None) -> None:
    """A removed line is named by its old side, an image by its path."""
    gitlab.says("GET", DISCUSSIONS, [{"notes": [a_note(position=position)]}])

    assert [place] == [thread.place for thread in feedback_of(gitlab).threads]


def test_a_thread_is_cut_to_what_a_model_may_read(gitlab: ScriptedGitLab) -> None:
    """The first five notes, 2,000 characters."""
    gitlab.says("GET", DISCUSSIONS, [{"notes": [a_note("x" * 900, author=None)] * 9}])

    (thread,) = feedback_of(gitlab).threads
    assert ("unknown", 2_000) == (thread.author, len(thread.body))


def test_a_long_thread_is_told_by_its_first_notes(gitlab: ScriptedGitLab) -> None:
    """Whoever wants the rest reads it there."""
    gitlab.says("GET", DISCUSSIONS, [{"notes": [a_note(str(number)) for number in range(9)]}])

    (thread,) = feedback_of(gitlab).threads
    assert [f"rita: {number}" for number in range(5)] == thread.body.split("\n\n")


def test_five_pages_are_read_and_a_sixth_is_told(gitlab: ScriptedGitLab) -> None:
    """More than 500 discussions are never called resolved."""
    page = [{"notes": [a_note(resolved=True)]}] * 100
    gitlab.says("GET", DISCUSSIONS, page, headers={"X-Next-Page": "2"})

    feedback = feedback_of(gitlab)

    assert (True, False) == (feedback.more_threads, feedback.is_green)
    pages = [request.url.params.get("page") for request in gitlab.requests if "discussions" in str(request.url)]
    assert ["1", "2", "3", "4", "5"] == pages


@pytest.mark.parametrize("headers", [{"X-Next-Page": ""}, {}])
def test_the_last_page_ends_the_list(gitlab: ScriptedGitLab, headers: dict[str, str]) -> None:
    """Told by its header, and where a proxy took that away, by its size."""
    gitlab.says("GET", DISCUSSIONS, [{"notes": [a_note(resolved=True)]}] * 3, headers=headers)

    assert not feedback_of(gitlab).more_threads
    assert 1 == [url for _, url in gitlab.asked].count(DISCUSSIONS)


def test_more_open_threads_than_are_kept_are_told(gitlab: ScriptedGitLab) -> None:
    """A hundred are enough to work on."""
    gitlab.says("GET", DISCUSSIONS, [{"notes": [a_note()]}] * 100)
    gitlab.says("GET", DISCUSSIONS, [{"notes": [a_note()]}])

    feedback = feedback_of(gitlab)

    assert (100, True) == (len(feedback.threads), feedback.more_threads)


@pytest.mark.parametrize(
    ("status", "failing", "pending"),
    [
        ("success", (), ()),
        ("skipped", (), ()),
        ("failed", ("unit",), ()),
        ("canceled", ("unit",), ()),
        ("canceling", ("unit",), ()),
        ("created", (), ("unit",)),
        ("pending", (), ("unit",)),
        ("running", (), ("unit",)),
        ("preparing", (), ("unit",)),
        ("scheduled", (), ("unit",)),
        ("waiting_for_resource", (), ("unit",)),
        ("manual", (), ("unit",)),
        ("dreaming", (), ("unit",)),
    ],
)
def test_a_job_is_told_by_its_status(
    gitlab: ScriptedGitLab, status: str, failing: tuple[str, ...], pending: tuple[str, ...]
) -> None:
    """An unknown word is not over; one that may fail is not counted, whatever it says."""
    gitlab.says("GET", STATUSES, [a_status("unit", status), a_status("lint", status, allow_failure=True)])

    feedback = feedback_of(gitlab)

    assert (failing, pending) == (feedback.failing, feedback.pending)


def test_a_job_that_was_run_again_counts_once(gitlab: ScriptedGitLab) -> None:
    """The last of a name and ref; a pipeline of another ref speaks for itself."""
    statuses = [
        a_status("unit", "success", id=12),
        a_status("unit", "failed", id=11),
        a_status("unit", "failed", id=9, ref="refs/merge-requests/7/head"),
        a_status("lint", "failed", id=13),
        a_status("lint", "success", id=10),
    ]
    gitlab.says("GET", STATUSES, statuses)

    assert ("lint", "unit") == feedback_of(gitlab).failing


def test_more_checks_than_are_read_are_unchecked(gitlab: ScriptedGitLab) -> None:
    """Beyond 500 nobody looked."""
    gitlab.says("GET", STATUSES, [a_status(f"unit {number}", "success") for number in range(100)])

    feedback = feedback_of(gitlab)

    assert (True, False) == (feedback.unchecked, feedback.is_green)


@pytest.mark.parametrize(
    ("pipeline", "failing", "pending"),
    [
        (a_pipeline("failed"), ("pipeline 47",), ()),
        (a_pipeline("running"), (), ("pipeline 47",)),
        (a_pipeline("manual"), (), ("pipeline 47",)),
        (a_pipeline("success"), (), ()),
        (a_pipeline("failed", sha="b" * 40, ref="refs/merge-requests/7/merge"), ("pipeline 47",), ()),
        (a_pipeline("failed", sha="b" * 40), (), ()),
        (a_pipeline("failed", sha="b" * 40, ref="refs/merge-requests/7/head"), (), ()),
    ],
)
def test_a_pipeline_without_jobs_of_this_head_is_told_itself(
    gitlab: ScriptedGitLab, pipeline: dict[str, Any], failing: tuple[str, ...], pending: tuple[str, ...]
) -> None:
    """One of the merged result has a commit of its own; one of the commit before says nothing of this."""
    feedback = feedback_of(gitlab, head_pipeline=pipeline)

    assert (failing, pending) == (feedback.failing, feedback.pending)


def test_jobs_that_explain_their_pipeline_are_told_alone(gitlab: ScriptedGitLab) -> None:
    """An agent is told what to repair once."""
    gitlab.says("GET", STATUSES, [a_status("unit", "failed")])

    assert ("unit",) == feedback_of(gitlab, head_pipeline=a_pipeline("failed")).failing


@pytest.mark.parametrize(
    ("approvals", "more", "awaiting", "decision"),
    [
        ({"approvals_required": 2, "approvals_left": 1, "approved_by": [{"user": {}}]}, {}, True, "not_approved"),
        ({"approvals_required": 1, "approvals_left": 0, "approved_by": [{"user": {}}]}, {}, False, "approved"),
        ({"approvals_required": 0, "approvals_left": 0, "approved_by": []}, {}, False, None),
        ({"approved": False, "approved_by": []}, {}, False, None),
        ({"approved": True, "approved_by": [{"user": {}}]}, {}, False, "approved"),
        ({"approved_by": []}, {"detailed_merge_status": "not_approved"}, True, "not_approved"),
    ],
)
def test_an_approval_is_awaited_where_a_rule_wants_one(
    gitlab: ScriptedGitLab, approvals: dict[str, Any], more: dict[str, Any], *, awaiting: bool, decision: str | None
) -> None:
    """Without Premium nobody has to approve, and `approved` false says just that nobody did."""
    gitlab.says("GET", APPROVALS, approvals)

    feedback = feedback_of(gitlab, **more)

    assert (awaiting, decision) == (feedback.awaiting_approval, feedback.decision)
    assert feedback.is_green is not awaiting


@pytest.mark.parametrize("status", [403, 404])
def test_an_instance_without_approvals_has_no_rules(gitlab: ScriptedGitLab, status: int) -> None:
    """The merge request itself would say `not_approved`."""
    gitlab.says("GET", APPROVALS, {"message": "no"}, status=status)

    assert feedback_of(gitlab).is_green


def test_approvals_that_are_hidden_from_the_token_are_missing(gitlab: ScriptedGitLab) -> None:
    """Where an older instance could not say that one is wanted, 403 is not "none"."""
    gitlab.says("GET", APPROVALS, {"message": "403 Forbidden"}, status=403)

    feedback = feedback_of(gitlab, detailed_merge_status=None)

    assert (("approvals: HTTP 403 403 Forbidden",), False) == (feedback.missing, feedback.is_green)


def test_a_limit_is_no_lack_of_approvals(gitlab: ScriptedGitLab) -> None:
    """403 with an empty quota says nothing of rules."""
    gitlab.says("GET", APPROVALS, {"message": "Forbidden"}, status=403, headers={"RateLimit-Remaining": "0"})

    feedback = feedback_of(gitlab)

    assert (1, False) == (len(feedback.missing), feedback.is_green)


@pytest.mark.parametrize(
    ("states", "requested"),
    [(["unreviewed", "reviewed"], False), (["approved", "requested_changes"], True), (["review_of_tomorrow"], False)],
)
def test_a_reviewer_can_request_changes(gitlab: ScriptedGitLab, states: list[str], *, requested: bool) -> None:
    """Their state has an address of its own."""
    gitlab.says("GET", REVIEWERS, [{"user": {"username": "rita"}, "state": state} for state in states])

    feedback = feedback_of(gitlab, reviewers=[{"username": "rita"}])

    assert (requested, not requested) == (feedback.changes_requested, feedback.is_green)
    assert ("requested_changes" if requested else None) == feedback.decision


def test_a_merge_request_can_say_itself_that_changes_are_requested(gitlab: ScriptedGitLab) -> None:
    """Premium blocks a merge for it."""
    assert feedback_of(gitlab, detailed_merge_status="requested_changes").changes_requested


def test_an_instance_without_states_of_reviewers_has_no_requests(gitlab: ScriptedGitLab) -> None:
    """Before 15.3 the address is not there."""
    gitlab.says("GET", REVIEWERS, {"message": "404 Not found"}, status=404)

    assert feedback_of(gitlab, reviewers=[{"username": "rita"}]).is_green


@pytest.mark.parametrize(
    ("url", "name"),
    [(DISCUSSIONS, "discussions"), (APPROVALS, "approvals"), (REVIEWERS, "reviewers"), (STATUSES, "checks")],
)
@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (502, {"message": "Bad gateway"}, "HTTP 502 Bad gateway"),
        (200, {"x": 1}, "schema_mismatch"),
        (401, {}, "HTTP 401"),
    ],
)
def test_a_part_that_cannot_be_read_is_missing_and_nothing_is_green(
    gitlab: ScriptedGitLab, url: str, name: str, *, status: int, body: object, why: str
) -> None:
    """It is named with why; the other parts are still told (source-control facts, 2.6, weak spots 1 and 3)."""
    if url != DISCUSSIONS:
        gitlab.says("GET", DISCUSSIONS, [{"notes": [a_note()]}])
    if (url, status) == (APPROVALS, 200):
        body = {"approvals_left": "two"}
    gitlab.says("GET", url, body, status=status)

    feedback = feedback_of(gitlab, reviewers=[{"username": "rita"}])

    (missing,) = (each for each in feedback.missing if each.startswith(f"{name}: "))
    assert why in missing
    assert not feedback.is_green
    assert (url != DISCUSSIONS) == bool(feedback.threads)


def test_a_sha_that_is_none_leads_to_no_other_address(gitlab: ScriptedGitLab) -> None:
    """Heads are reported by agents."""
    gitlab.says("GET", MERGE_REQUEST, a_merge_request())

    gitlab.host().feedback(PULL, "../../../user?x=", gitlab.access)

    assert gitlab.requests[-1].url.raw_path.startswith(
        b"/api/v4/projects/group%2Fsub%2Fproject/repository/commits/..%2F"
    )


def test_what_is_said_of_another_head_is_not_said_of_this(gitlab: ScriptedGitLab) -> None:
    """Approvals and threads are the merge request's, and that has moved on."""
    feedback = feedback_of(gitlab, sha="b" * 40)

    assert (f"head: the merge request is at {'b' * 40}",) == feedback.missing
    assert not feedback.is_green


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [(404, {"message": "404 Not found"}, HttpError), (500, {}, HttpError), (200, {"state": 1}, InvalidResponse)],
)
def test_a_merge_request_that_cannot_be_read_has_no_feedback(
    gitlab: ScriptedGitLab, status: int, body: object, kind: type
) -> None:
    """The refusal is the answer, and nothing else is asked for."""
    gitlab.says("GET", MERGE_REQUEST, body, status=status)

    assert isinstance(gitlab.host().feedback(PULL, HEAD, gitlab.access), kind)
    assert 1 == len(gitlab.requests)
