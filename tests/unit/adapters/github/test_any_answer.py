"""Whatever a provider answers, the adapter answers with a value; what makes no sense is never green."""

import json
from typing import Any, get_args

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from gastown.adapters.github.git_host import GitHubHost
from gastown.domain.pull import Feedback, PullMerge, PullMerged, PullOrder, PullRef, PullState, Refusal
from tests.support.fakes.clock import FixedClock
from tests.unit.adapters.scripted import HEAD, PULL, REPOSITORY, access, pull_body

STEADY = settings(deadline=None, derandomize=True, database=None)
"""The same examples each time, however slow the machine is."""
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
BODIES = st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode())
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset", "etag", "location"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
    max_size=3,
)
STATUSES = st.sampled_from([200, 201, 204, 301, 304, 307, 400, 401, 403, 404, 405, 409, 422, 429, 500, 503])
REFUSALS = get_args(Refusal)
ORDER = PullOrder(head="work", base="main", title="Count", body="", labels=("gastown",))
PERSON_PULL = {
    "headRefOid": HEAD,
    "isDraft": False,
    "reviewDecision": "APPROVED",
    "mergeStateStatus": "CLEAN",
    "latestOpinionatedReviews": {"nodes": [{"state": "APPROVED"}]},
    "reviewThreads": {
        "pageInfo": {"hasNextPage": False, "endCursor": None},
        "nodes": [
            {"isResolved": False, "path": "a", "line": 1, "comments": {"nodes": [{"author": None, "body": "x"}]}}
        ],
    },
}
GOOD: dict[str, Any] = {
    "data": {"repository": {"pullRequest": PERSON_PULL}},
    "total_count": 1,
    "check_runs": [{"name": "unit", "status": "completed", "conclusion": "failure"}],
    "statuses": [{"context": "ci", "state": "success"}],
    "object": {"sha": HEAD},
    **pull_body(),
}
"""One body that is right for every call but the list of pull requests."""


def github(status: int, body: bytes, headers: dict[str, str]) -> GitHubHost:
    """A GitHub that answers everything alike."""
    answer = httpx.MockTransport(lambda _: httpx.Response(status, content=body, headers=headers))
    return GitHubHost(clock=FixedClock(), transport=answer)


def check_all(host: GitHubHost) -> Feedback | None:
    """Call every method and look at the type of what comes back; the feedback, if it is one."""
    state = host.pull_state(PULL, access())
    feedback = host.feedback(PULL, HEAD, access())
    merged = host.merge(PULL, HEAD, "Count", access())

    assert isinstance(state, (PullState, *REFUSALS))
    assert isinstance(feedback, (Feedback, *REFUSALS))
    assert isinstance(merged, (PullMerged, *REFUSALS))
    assert isinstance(host.open_pull(REPOSITORY, ORDER, access()), (PullRef, *REFUSALS))
    assert isinstance(host.make_branch(REPOSITORY, "one", "main", access()), (type(None), *REFUSALS))
    return feedback if isinstance(feedback, Feedback) else None


def places(value: Any) -> list[tuple[str | int, ...]]:
    """The way to each part of a body."""
    parts: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = list(enumerate(value))
    return [(name, *rest) for name, part in parts for rest in [(), *places(part)]]


def replaced(body: Any, place: tuple[str | int, ...], value: Any) -> Any:
    """A copy of a body with one part replaced."""
    copy = json.loads(json.dumps(body))
    inner = copy
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    return copy


@STEADY
@given(status=STATUSES, body=BODIES, headers=HEADERS)
def test_nothing_that_a_provider_answers_is_raised(status: int, body: bytes, headers: dict[str, str]) -> None:
    """Any status, any body, any header that we read."""
    feedback = check_all(github(status, body, headers))

    assert feedback is None or not feedback.is_green


@STEADY
@given(place=st.sampled_from(places(GOOD)), value=VALUES)
def test_one_odd_part_is_never_an_exception_nor_green(place: tuple[str | int, ...], value: Any) -> None:
    """There are a thread and a red check: whatever one part of the answer becomes, one of them still blocks."""
    feedback = check_all(github(200, json.dumps(replaced(GOOD, place, value)).encode(), {}))

    assert feedback is None or not feedback.is_green


@STEADY
@given(status=st.sampled_from([405, 409]), text=st.text(max_size=40))
def test_a_merge_that_was_refused_is_never_merged(status: int, text: str) -> None:
    """Whatever words it is refused in."""
    host = github(status, json.dumps({"message": text}).encode(), {})
    merged = host.merge(PULL, HEAD, "Count", access())

    assert not (isinstance(merged, PullMerged) and merged.how is PullMerge.MERGED)
