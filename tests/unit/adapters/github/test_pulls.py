"""What GitHub says of a pull request, in the house's words."""

from typing import Any

import pytest

from gastown.domain.pull import InvalidResponse, Mergeability, Provider, PullState, PullStatus
from tests.unit.adapters.scripted import BASE, HEAD, PULL, Script, access, answer, pull_body

ADDRESS = f"{BASE}/pulls/7"


def read(body: dict[str, Any]) -> PullState:
    """Read a pull request with this body."""
    script = Script()
    script.on("GET", ADDRESS, answer(body=body))
    state = script.github().pull_state(PULL, access())
    assert isinstance(state, PullState), state
    return state


@pytest.mark.parametrize(
    ("word", "mergeability"),
    [
        ("clean", Mergeability.CLEAN),
        ("has_hooks", Mergeability.CLEAN),
        ("dirty", Mergeability.CONFLICT),
        ("blocked", Mergeability.BLOCKED),
        ("unknown", Mergeability.COMPUTING),
        ("unstable", Mergeability.OTHER),
        ("behind", Mergeability.OTHER),
        ("draft", Mergeability.OTHER),
        ("awaiting_the_moon", Mergeability.OTHER),
    ],
)
def test_a_merge_state_means_one_thing(word: str, mergeability: Mergeability) -> None:
    """GitHub's word is kept beside ours; words that are new to us block."""
    state = read(pull_body(mergeable_state=word))

    assert (mergeability, word) == (state.mergeability, state.merge_state)


@pytest.mark.parametrize("change", [{"mergeable_state": None}, {"mergeable_state": "unknown", "mergeable": None}])
def test_a_merge_state_that_is_null_is_being_computed(change: dict[str, Any]) -> None:
    """It is neither a conflict nor clean."""
    assert Mergeability.COMPUTING == read(pull_body(**change)).mergeability


@pytest.mark.parametrize(
    ("state", "merged", "status"),
    [
        ("open", False, PullStatus.OPEN),
        ("closed", False, PullStatus.CLOSED),
        ("closed", True, PullStatus.MERGED),
        ("open", True, PullStatus.MERGED),
        ("locked", False, PullStatus.OPEN),
    ],
)
def test_merged_wins_over_closed(*, state: str, merged: bool, status: PullStatus) -> None:
    """And what is neither is open."""
    assert status == read(pull_body(state=state, merged=merged)).status


def test_the_commit_of_a_trial_is_not_a_merge() -> None:
    """Before the merge `merge_commit_sha` names GitHub's own test of it."""
    assert [None, "c" * 40] == [read(pull_body(merged=merged)).merge_commit_sha for merged in (False, True)]


def test_a_pull_request_of_older_servers_has_no_draft() -> None:
    """A field that is not there is no error where it can be done without."""
    body = pull_body()
    del body["draft"]

    assert not read(body).is_draft


def test_everything_that_is_kept_of_an_answer_is_read_again() -> None:
    """A state from a 304 is the state of the answer before."""
    script, met = Script(), access()
    body = pull_body(state="closed", merged=True, draft=True, mergeable_state="behind")
    script.on("GET", ADDRESS, answer(body=body, etag='"1"'), answer(304))
    github = script.github()

    assert github.pull_state(PULL, met) == github.pull_state(PULL, met)
    assert HEAD == read(body).head_sha


@pytest.mark.parametrize("missing", ["state", "merged", "head", "base", "title"])
def test_a_pull_request_without_what_decides_is_invalid(missing: str) -> None:
    """A body is not filled up with what would be convenient."""
    script, body = Script(), {"state": "open", "merged": False, "head": {"ref": "w", "sha": HEAD}, "title": "x"}
    body = {name: value for name, value in pull_body(**body).items() if name != missing}
    script.on("GET", ADDRESS, answer(body=body))

    expected = InvalidResponse(provider=Provider.GITHUB, reason="schema_mismatch", keys=tuple(body)[:8])
    assert expected == script.github().pull_state(PULL, access())
