"""Reviews and checks, put together; whatever is not known stands in the way."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from gastown.domain.pull import Feedback, HttpError, InvalidResponse, Refusal
from tests.support.fakes.clock import FixedClock
from tests.unit.adapters.scripted import BASE, HEAD, PULL, TOKEN, Script, access, answer

RUNS, STATUS = f"{BASE}/commits/{HEAD}/check-runs?per_page=100", f"{BASE}/commits/{HEAD}/status?per_page=100"
SECONDARY = "You have exceeded a secondary rate limit."


def reviewed(**changes: Any) -> dict[str, Any]:
    """A GraphQL answer about a pull request with nothing to say against it."""
    pull: dict[str, Any] = {
        "headRefOid": HEAD,
        "isDraft": False,
        "reviewDecision": None,
        "mergeStateStatus": "CLEAN",
        "latestOpinionatedReviews": {"nodes": []},
        "reviewThreads": threads(),
    }
    return {"data": {"repository": {"pullRequest": pull | changes}}}


def threads(*nodes: dict[str, Any] | None, more: str | None = None) -> dict[str, Any]:
    """A page of threads; `more` is the cursor of the next."""
    return {"pageInfo": {"hasNextPage": more is not None, "endCursor": more}, "nodes": list(nodes)}


def thread(*words: str, author: str | None = "rita", **changes: Any) -> dict[str, Any]:
    """An open thread."""
    comments = [{"author": author and {"login": author}, "body": text} for text in words]
    return {"isResolved": False, "path": "a.py", "line": 3, "comments": {"nodes": comments}} | changes


def opinion(author: str | None, body: str, *, state: str = "CHANGES_REQUESTED", oid: str = HEAD) -> dict[str, Any]:
    """Somebody's latest opinion, of one head."""
    return {"state": state, "body": body, "author": author and {"login": author}, "commit": {"oid": oid}}


def run(name: str = "unit", status: str = "completed", conclusion: str | None = "success") -> dict[str, Any]:
    """A check run."""
    return {"name": name, "status": status, "conclusion": conclusion}


def runs(*listed: dict[str, Any], total: int | None = None) -> httpx.Response:
    """A page of check runs."""
    return answer(body={"total_count": len(listed) if total is None else total, "check_runs": list(listed)})


def statuses(**states: str) -> httpx.Response:
    """A page of statuses."""
    listed = [{"context": context, "state": state} for context, state in states.items()]
    return answer(body={"state": "pending", "total_count": len(listed), "statuses": listed})


@pytest.fixture
def script() -> Script:
    """A GitHub where all is green."""
    script = Script()
    script.on("POST", "/graphql", answer(body=reviewed()))
    script.on("GET", f"{RUNS}&page=1", runs())
    script.on("GET", f"{STATUS}&page=1", statuses())
    return script


def answered(script: Script) -> Feedback | Refusal:
    """Ask."""
    return script.github().feedback(PULL, HEAD, access())


def read(script: Script) -> Feedback:
    """Ask, and expect an answer."""
    feedback = answered(script)
    assert isinstance(feedback, Feedback), feedback
    return feedback


@pytest.mark.parametrize(
    ("status", "conclusion", "failing", "pending"),
    [
        ("completed", "success", (), ()),
        ("completed", "skipped", (), ()),
        ("completed", "neutral", (), ()),
        ("completed", "failure", ("unit",), ()),
        ("completed", "cancelled", ("unit",), ()),
        ("completed", "timed_out", ("unit",), ()),
        ("completed", "action_required", ("unit",), ()),
        ("completed", "stale", ("unit",), ()),
        ("completed", "startup_failure", ("unit",), ()),
        ("completed", "struck_by_the_moon", ("unit",), ()),
        ("completed", None, ("unit",), ()),
        ("queued", None, (), ("unit",)),
        ("in_progress", None, (), ("unit",)),
        ("waiting", None, (), ("unit",)),
        ("under_the_moon", "success", (), ("unit",)),
    ],
)
def test_a_check_run_is_red_pending_or_neither(
    script: Script, status: str, conclusion: str | None, failing: tuple[str, ...], pending: tuple[str, ...]
) -> None:
    """Red: completed without success, skipped or neutral. Pending: not completed. Unknown words never pass."""
    script.on("GET", f"{RUNS}&page=1", runs(run("unit", status, conclusion)))
    feedback = read(script)

    assert (failing, pending) == (feedback.failing, feedback.pending)
    assert feedback.is_green == (not failing and not pending)


@pytest.mark.parametrize(
    ("state", "failing", "pending"),
    [
        ("success", (), ()),
        ("failure", ("ci",), ()),
        ("error", ("ci",), ()),
        ("pending", (), ("ci",)),
        ("eclipsed", (), ("ci",)),
    ],
)
def test_a_status_is_red_pending_or_neither(
    script: Script, state: str, failing: tuple[str, ...], pending: tuple[str, ...]
) -> None:
    """Unknown words never pass here either."""
    script.on("GET", f"{STATUS}&page=1", statuses(ci=state))
    feedback = read(script)

    assert (failing, pending) == (feedback.failing, feedback.pending)
    assert feedback.is_green == (not failing and not pending)


def test_no_statuses_are_not_pending(script: Script) -> None:
    """GitHub says "pending" of a commit that nobody set a status on."""
    assert read(script).is_green


def test_a_name_is_told_once(script: Script) -> None:
    """Though several apps may run checks of the same name."""
    script.on("GET", f"{RUNS}&page=1", runs(run("unit", conclusion="failure"), run("unit", conclusion="failure")))

    assert ("unit",) == read(script).failing


def test_five_pages_of_checks_are_read_and_no_more(script: Script) -> None:
    """What is beyond is unchecked, which is never green."""
    for page in range(1, 6):
        some = [run(f"{page}-{number}") for number in range(100)]
        script.on("GET", f"{RUNS}&page={page}", runs(*some, total=501))
    feedback = read(script)

    assert (True, False) == (feedback.unchecked, feedback.is_green)
    assert 7 == len(script.requests)


def test_fewer_checks_than_counted_are_unchecked(script: Script) -> None:
    """GitHub counts two and shows one: the other one is not known."""
    script.on("GET", f"{RUNS}&page=1", runs(run(), total=2))

    assert (True, False) == (read(script).unchecked, read(script).is_green)


@pytest.mark.parametrize(("broken", "part"), [(f"{RUNS}&page=1", "check runs"), (f"{STATUS}&page=1", "commit status")])
@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (answer(502), "HTTP 502, Bad Gateway"),
        (answer(403, {"message": "Resource not accessible by integration"}), "HTTP 403, Resource not accessible by"),
        (answer(body=b"<html>"), "unexpected answer (json_parse)"),
        (answer(body={"checks": []}), "unexpected answer (schema_mismatch; checks)"),
        (httpx.ReadTimeout(""), "no answer in time"),
    ],
)
def test_checks_that_cannot_be_read_are_missing(
    script: Script, broken: str, part: str, failure: httpx.Response | Exception, why: str
) -> None:
    """Named with why, never green, and no work for an agent (weak spot 3 of the reference)."""
    script.on("GET", broken, failure)
    feedback = read(script)

    (missing,) = feedback.missing
    assert missing.startswith(f"{part}: {why}")
    assert (False, False) == (feedback.is_green, feedback.asks_for_work)


@pytest.mark.parametrize(
    ("decision", "changes_requested", "awaiting"),
    [
        ("APPROVED", False, False),
        ("CHANGES_REQUESTED", True, False),
        ("REVIEW_REQUIRED", False, True),
        (None, False, False),
        ("ASKED_THE_MOON", False, False),
    ],
)
def test_githubs_decision_is_kept(
    script: Script, *, decision: str | None, changes_requested: bool, awaiting: bool
) -> None:
    """With its own word beside ours."""
    script.on("POST", "/graphql", answer(body=reviewed(reviewDecision=decision)))
    feedback = read(script)

    assert decision == feedback.decision
    assert (changes_requested, awaiting) == (feedback.changes_requested, feedback.awaiting_approval)


@pytest.mark.parametrize(
    ("decision", "changes_requested"), [(None, True), ("APPROVED", False), ("REVIEW_REQUIRED", False)]
)
def test_where_github_makes_no_decision_a_reviewers_opinion_counts(
    script: Script, *, decision: str | None, changes_requested: bool
) -> None:
    """Without a rule that asks for reviews the decision is null; where there is one it has weighed the opinions."""
    opinions = {"nodes": [{"state": "APPROVED"}, None, {"state": "CHANGES_REQUESTED"}]}
    body = reviewed(reviewDecision=decision, latestOpinionatedReviews=opinions)
    script.on("POST", "/graphql", answer(body=body))

    assert changes_requested == read(script).changes_requested


def test_demands_are_those_of_this_head(script: Script) -> None:
    """Of an older head they may be met; without words, or by who approved since, there is none."""
    opinions = [
        opinion("rita", "Say it louder\n"),
        opinion("bob", "Old", oid="0" * 40),
        opinion("eve", "  "),
        opinion("dan", "Fine", state="APPROVED"),
        opinion(None, "Who was I?") | {"commit": None},
    ]
    script.on("POST", "/graphql", answer(body=reviewed(latestOpinionatedReviews={"nodes": opinions})))
    feedback = read(script)

    assert [("rita", "Say it louder")] == [(one.author, one.body) for one in feedback.demands]
    assert (True, False) == (feedback.changes_requested, feedback.asks_for_work)


def test_a_decision_that_overrules_them_leaves_no_demands(script: Script) -> None:
    """GitHub has weighed the opinions."""
    opinions = {"nodes": [opinion("rita", "No")]}
    body = reviewed(reviewDecision="APPROVED", latestOpinionatedReviews=opinions)
    script.on("POST", "/graphql", answer(body=body))

    assert () == read(script).demands


@pytest.mark.parametrize(
    ("changes", "check", "awaiting"),
    [
        ({}, run(), True),
        ({"reviewDecision": "APPROVED"}, run(), True),
        ({"isDraft": True}, run(), False),
        ({"reviewDecision": "CHANGES_REQUESTED"}, run(), False),
        ({"reviewThreads": threads(thread("No."))}, run(), False),
        ({}, run(conclusion="failure"), False),
        ({}, run(status="queued"), False),
        ({"reviewDecision": "REVIEW_REQUIRED"}, run(conclusion="failure"), True),
    ],
)
def test_blocked_by_nothing_that_we_see_awaits_a_person(
    script: Script, *, changes: dict[str, Any], check: dict[str, Any], awaiting: bool
) -> None:
    """What explains it is told for itself; a required review is awaited in any case."""
    script.on("POST", "/graphql", answer(body=reviewed(mergeStateStatus="BLOCKED", **changes)))
    script.on("GET", f"{RUNS}&page=1", runs(check))

    assert awaiting == read(script).awaiting_approval


@pytest.mark.parametrize("word", ["UNSTABLE", "DRAFT", "HAS_HOOKS", "BEHIND", "UNKNOWN", "UNDER_THE_MOON"])
def test_no_merge_state_spoils_the_answer(script: Script, word: str) -> None:
    """Weak spot 2 of the reference: one unknown value, and nobody was heard."""
    body = reviewed(mergeStateStatus=word, reviewThreads=threads(thread("No.")))
    script.on("POST", "/graphql", answer(body=body))

    assert 1 == len(read(script).threads)


def test_a_thread_is_told_with_its_comments(script: Script) -> None:
    """Cut to what a model may read; whoever is gone is called ghost."""
    long = thread("x" * 3_000)
    gone = thread("Why?", "Because.", author=None, line=None)
    body = reviewed(reviewThreads=threads(long, gone, None, thread("Fine.", isResolved=True), thread(path=None)))
    script.on("POST", "/graphql", answer(body=body))
    first, second, empty = read(script).threads

    assert ("rita", "a.py:3", 2_000) == (first.author, first.place, len(first.body))
    assert ("ghost", "a.py", "ghost: Why?\nghost: Because.") == (second.author, second.place, second.body)
    assert ("ghost", None, "") == (empty.author, empty.place, empty.body)


def test_pages_of_threads_follow_the_cursor(script: Script) -> None:
    """Five at most; then there are more threads than were read."""
    pages = [answer(body=reviewed(reviewThreads=threads(thread(f"{n}"), more=f"cursor {n}"))) for n in range(1, 6)]
    script.on("POST", "/graphql", *pages)
    feedback = read(script)

    asked = [body["variables"]["after"] for body in script.bodies("POST")]
    assert [None, "cursor 1", "cursor 2", "cursor 3", "cursor 4"] == asked
    assert (5, True) == (len(feedback.threads), feedback.more_threads)


def test_a_later_page_that_cannot_be_read_is_missing(script: Script) -> None:
    """What was read is told; it is never green."""
    first = answer(body=reviewed(reviewThreads=threads(more="next")))
    script.on("POST", "/graphql", first, answer(502))
    feedback = read(script)

    assert (("threads: HTTP 502, Bad Gateway",), True) == (feedback.missing, feedback.more_threads)
    assert not feedback.is_green


def test_an_answer_with_errors_is_not_whole(script: Script) -> None:
    """Weak spot 1 of the reference: a part that GraphQL could not tell is null, and the error is beside it."""
    errors = [{"type": "FORBIDDEN", "path": ["reviewDecision"], "message": f"Not for {TOKEN}"}]
    script.on("POST", "/graphql", answer(body=reviewed() | {"errors": errors}))

    assert ("reviews: Not for ***",) == read(script).missing
    assert not read(script).is_green


def test_reviews_of_another_head_say_nothing_of_this_one(script: Script) -> None:
    """Somebody pushed since."""
    script.on("POST", "/graphql", answer(body=reviewed(headRefOid="f" * 40)))

    assert (f"reviews: the head is {'f' * 40} now",) == read(script).missing
    assert not read(script).is_green


@pytest.mark.parametrize(
    ("errors", "status", "transient"),
    [
        ([{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}], 429, True),
        ([{"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": "API rate limit exceeded"}], 429, True),
        ([{"type": "NOT_FOUND", "message": "Could not resolve to a Repository"}], 404, False),
        ([{"type": "FORBIDDEN", "message": "Resource not accessible by integration"}], 403, False),
        ([{"type": "INSUFFICIENT_SCOPES", "message": "Your token has not been granted"}], 403, False),
        ([{"type": "FORBIDDEN", "message": SECONDARY}], 403, True),
        ([{"message": "Something went wrong while executing your query."}], 502, True),
        ([{"type": "SERVICE_UNAVAILABLE", "message": "Try later"}], 502, True),
        ([{"message": "Field 'x' doesn't exist", "extensions": {"code": "undefinedField"}}], 422, False),
    ],
)
@pytest.mark.parametrize("data", [{}, {"data": None}, {"data": {"repository": None}}])
def test_a_refusal_in_graphql_is_told_by_its_type(
    script: Script, *, data: dict[str, Any], errors: list[dict[str, Any]], status: int, transient: bool
) -> None:
    """GraphQL answers 200; the status that REST would have given tells people what to do."""
    script.on("POST", "/graphql", answer(body=data | {"errors": errors}))
    refusal = answered(script)

    assert isinstance(refusal, HttpError)
    assert (status, transient, errors[0]["message"]) == (refusal.status, refusal.transient, refusal.text)


def test_a_limit_in_graphql_says_when_to_come_back(script: Script) -> None:
    """By the same headers as REST."""
    reset = str(int(FixedClock().present.timestamp()) + 900)
    limit = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
    headers = {"x_ratelimit_remaining": "0", "x_ratelimit_reset": reset}
    script.on("POST", "/graphql", answer(200, limit, **headers))
    refusal = answered(script)

    assert isinstance(refusal, HttpError)
    assert FixedClock().present + timedelta(seconds=900) == refusal.retry_at


@pytest.mark.parametrize(
    ("body", "keys"),
    [
        ({"data": {"repository": {"pullRequest": {"headRefOid": HEAD}}}}, ("data",)),
        ({"data": {"repository": {"pullRequest": None}}}, ("data",)),
        ({}, ()),
    ],
)
def test_an_answer_of_another_shape_is_a_refusal(script: Script, body: dict[str, Any], keys: tuple[str, ...]) -> None:
    """Not a pull request that nobody has anything against."""
    script.on("POST", "/graphql", answer(body=body))
    refusal = answered(script)

    assert isinstance(refusal, InvalidResponse)
    assert ("schema_mismatch", keys) == (refusal.reason, refusal.keys)


def test_a_refusal_of_the_first_call_ends_it(script: Script) -> None:
    """A token that is no good is not tried again on the checks."""
    script.on("POST", "/graphql", answer(401, {"message": "Bad credentials"}))
    refusal = answered(script)

    assert isinstance(refusal, HttpError)
    assert (401, 1) == (refusal.status, len(script.requests))
