"""Opening pull requests and making branches, each once."""

from typing import Any

import httpx
import pytest

from gastown.domain.pull import HttpError, PullOrder, PullRef, Refusal
from tests.unit.adapters.scripted import BASE, PULL, REPOSITORY, Script, access, answer, pull_body

ORDER = PullOrder(head="gt/work", base="main", title="Count", body="As asked.", labels=("gastown",))
FIND = f"{BASE}/pulls?state=open&head=acme%3Agt%2Fwork&base=main"
LABEL = f"{BASE}/issues/7/labels"
SAME = pull_body(head={"ref": "gt/work", "sha": "a" * 40})
EXISTS = answer(
    422, {"message": "Validation Failed", "errors": [{"message": "A pull request already exists for acme:gt/work."}]}
)


@pytest.fixture
def script() -> Script:
    """The provider: nothing is open, and labels can be set."""
    script = Script()
    script.on("GET", FIND, answer(body=[]))
    script.on("POST", LABEL, answer(body=[{"name": "gastown"}]))
    return script


def opened(script: Script, order: PullOrder = ORDER) -> PullRef | Refusal:
    """Open it."""
    return script.github().open_pull(REPOSITORY, order, access())


def test_a_pull_request_that_is_open_is_found(script: Script) -> None:
    """Nothing is opened; it gets its labels, which adds to those that are there."""
    script.on("GET", FIND, answer(body=[SAME]))

    assert opened(script) == PULL
    assert [{"labels": ["gastown"]}] == script.bodies("POST")


@pytest.mark.parametrize("other", [{"head": {"ref": "else", "sha": "1"}}, {"base": {"ref": "else", "sha": "1"}}])
def test_what_the_filter_let_through_is_looked_at(script: Script, other: dict[str, Any]) -> None:
    """GitHub ignores a filter that it cannot read, and lists them all."""
    script.on("GET", FIND, answer(body=[SAME | other]))
    script.on("POST", f"{BASE}/pulls", answer(201, SAME))

    assert opened(script) == PULL
    assert {"title": "Count", "body": "As asked.", "head": "gt/work", "base": "main"} == script.bodies("POST")[0]


def test_one_that_was_opened_in_between_is_found_by_another_look(script: Script) -> None:
    """Two deliveries of one effect, or a person who was faster."""
    script.on("GET", FIND, answer(body=[]), answer(body=[SAME]))
    script.on("POST", f"{BASE}/pulls", EXISTS)

    assert opened(script) == PULL


def test_one_that_exists_but_is_not_found_is_a_refusal(script: Script) -> None:
    """Nobody goes round in circles."""
    script.on("POST", f"{BASE}/pulls", EXISTS)
    refusal = opened(script)

    assert isinstance(refusal, HttpError)
    assert (422, False, 3) == (refusal.status, refusal.transient, len(script.requests))
    assert "already exists" in refusal.text


def test_another_validation_is_told(script: Script) -> None:
    """Such as a branch without commits of its own."""
    body = {"message": "Validation Failed", "errors": [{"message": "No commits between main and gt/work"}]}
    script.on("POST", f"{BASE}/pulls", answer(422, body))
    refusal = opened(script)

    assert isinstance(refusal, HttpError)
    assert "No commits between main and gt/work" in refusal.text


@pytest.mark.parametrize("failure", [answer(403, {"message": "No"}), answer(502), httpx.ReadTimeout("")])
def test_labels_are_a_best_effort(script: Script, failure: httpx.Response | Exception) -> None:
    """A pull request without labels is one."""
    script.on("GET", FIND, answer(body=[SAME]))
    script.on("POST", LABEL, failure)

    assert opened(script) == PULL


def test_an_order_without_labels_sets_none(script: Script) -> None:
    """One call less."""
    script.on("GET", FIND, answer(body=[SAME]))
    opened(script, PullOrder(head="gt/work", base="main", title="Count", body=""))

    assert 1 == len(script.requests)


START, REFS = f"{BASE}/git/ref/heads/feature/one%20two", f"{BASE}/git/refs"


def made(script: Script) -> Refusal | None:
    """Make a branch."""
    return script.github().make_branch(REPOSITORY, "convoy/1", "feature/one two", access())


def test_a_branch_is_made_at_the_head_of_another(script: Script) -> None:
    """By its full name."""
    script.on("GET", START, answer(body={"ref": "refs/heads/feature/one two", "object": {"sha": "5" * 40}}))
    script.on("POST", REFS, answer(201, {"ref": "refs/heads/convoy/1"}))

    assert made(script) is None
    assert [{"ref": "refs/heads/convoy/1", "sha": "5" * 40}] == script.bodies("POST")


@pytest.mark.parametrize(
    ("message", "is_fine"),
    [("Reference already exists", True), ("Object does not exist", False), ("Repository rule violations found", False)],
)
def test_only_a_branch_that_exists_is_fine(script: Script, *, message: str, is_fine: bool) -> None:
    """422 means other things as well."""
    script.on("GET", START, answer(body={"object": {"sha": "5" * 40}}))
    script.on("POST", REFS, answer(422, {"message": message}))

    assert is_fine == (made(script) is None)


@pytest.mark.parametrize(("status", "transient"), [(404, False), (409, False), (502, True)])
def test_a_start_that_cannot_be_read_is_a_refusal(script: Script, *, status: int, transient: bool) -> None:
    """Nothing is made then."""
    script.on("GET", START, answer(status))
    refusal = made(script)

    assert isinstance(refusal, HttpError)
    assert (status, transient, 1) == (refusal.status, refusal.transient, len(script.requests))
