"""Opening merge requests and making branches."""

import pytest

from gastown.domain.pull import HttpError, InvalidResponse, PullOrder
from tests.support.scripted_gitlab import PROJECT, PULL, REPOSITORY, ScriptedGitLab, a_merge_request, sent

ALL = f"{PROJECT}/merge_requests"
BRANCHES = f"{PROJECT}/repository/branches"
ORDER = PullOrder(head="work", base="main", title="T" * 300, body="As asked.", labels=("gastown", "a,b", "bead 1"))


def test_a_merge_request_is_opened_with_its_labels() -> None:
    """Looked for by both branches, then made; a title is cut to what GitLab takes, a label with a comma is left out."""
    gitlab = ScriptedGitLab()
    gitlab.says("GET", ALL, [])
    gitlab.says("POST", ALL, a_merge_request(), status=201)

    assert gitlab.host().open_pull(REPOSITORY, ORDER, gitlab.access) == PULL
    looked, made = gitlab.requests
    asked = {name: looked.url.params[name] for name in ("state", "source_branch", "target_branch")}
    assert {"state": "opened", "source_branch": "work", "target_branch": "main"} == asked
    assert sent(made) == {
        "source_branch": "work",
        "target_branch": "main",
        "title": "T" * 255,
        "description": "As asked.",
        "labels": "gastown,bead 1",
    }


def test_one_that_is_open_is_found() -> None:
    """Nothing is made."""
    gitlab = ScriptedGitLab()
    gitlab.says("GET", ALL, [a_merge_request()])

    assert gitlab.host().open_pull(REPOSITORY, ORDER, gitlab.access) == PULL
    assert ["GET"] == [method for method, _ in gitlab.asked]


def test_one_of_a_fork_is_somebody_elses() -> None:
    """Their branch only has the same name."""
    gitlab = ScriptedGitLab()
    gitlab.says("GET", ALL, [a_merge_request(iid=3, source_project_id=99)])
    gitlab.says("POST", ALL, a_merge_request(), status=201)

    assert gitlab.host().open_pull(REPOSITORY, ORDER, gitlab.access) == PULL


def test_two_that_open_at_once_get_the_same_one() -> None:
    """409 sends the later one to look again."""
    gitlab = ScriptedGitLab()
    gitlab.says("GET", ALL, [])
    gitlab.says("GET", ALL, [a_merge_request()])
    words = ["Another open merge request already exists for this source branch: !7"]
    gitlab.says("POST", ALL, {"message": words}, status=409)

    assert gitlab.host().open_pull(REPOSITORY, ORDER, gitlab.access) == PULL


def test_one_that_is_said_to_exist_and_is_not_there_is_a_refusal() -> None:
    """GitLab's words are kept."""
    gitlab = ScriptedGitLab()
    gitlab.says("GET", ALL, [])
    gitlab.says("POST", ALL, {"message": ["It already exists."]}, status=409)

    refusal = gitlab.host().open_pull(REPOSITORY, ORDER, gitlab.access)

    assert isinstance(refusal, HttpError)
    assert (409, False, "It already exists.") == (refusal.status, refusal.transient, refusal.text)


def test_a_list_that_cannot_be_read_opens_nothing() -> None:
    """There might be one."""
    gitlab = ScriptedGitLab()
    gitlab.says("GET", ALL, {"x": 1})

    assert isinstance(gitlab.host().open_pull(REPOSITORY, ORDER, gitlab.access), InvalidResponse)
    assert ["GET"] == [method for method, _ in gitlab.asked]


def test_a_branch_is_made_at_the_head_of_another() -> None:
    """One call."""
    gitlab = ScriptedGitLab()
    gitlab.says("POST", BRANCHES, {"name": "convoy/one"}, status=201)

    assert gitlab.host().make_branch(REPOSITORY, "convoy/one", "main", gitlab.access) is None
    assert {"branch": "convoy/one", "ref": "main"} == sent(gitlab.requests[0])


@pytest.mark.parametrize(
    ("status", "message", "is_fine"),
    [
        (400, "Branch already exists", True),
        (400, "Invalid reference name: nowhere", False),
        (409, "Branch already exists", False),
        (403, "403 Forbidden", False),
        (503, "later", False),
    ],
)
def test_a_branch_that_is_there_is_fine_and_one_that_cannot_be_made_is_not(
    status: int, message: str, *, is_fine: bool
) -> None:
    """Only the documented words of the documented status count."""
    gitlab = ScriptedGitLab()
    gitlab.says("POST", BRANCHES, {"message": message}, status=status)

    refusal = gitlab.host().make_branch(REPOSITORY, "convoy/one", "main", gitlab.access)

    assert is_fine is (refusal is None)
    if isinstance(refusal, HttpError):
        assert (status, message) == (refusal.status, refusal.text)
