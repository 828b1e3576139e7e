"""Adopting a pull request, by a person and by the mayor: what is checked first, and what the town does with it."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from gastown.domain.bead import BeadStatus
from gastown.domain.ids import Moment
from gastown.domain.pull import Feedback, HttpError, Provider, PullOrder, PullRef, PullStatus, Repository, Thread
from gastown.domain.town import Town
from gastown.ports.git_host import Access
from gastown.usecases.perform_effect import perform_effect
from tests.support.people_door import Answer, PeopleDoor, R, people_door
from tests.support.stage import RIG, TOWN

URL = "https://github.com/acme/widgets/pull/1"
REPOSITORY = Repository(provider=Provider.GITHUB, host="github.com", owner="acme", name="widgets")


@pytest.fixture
def door() -> Iterator[PeopleDoor]:
    """A town whose rig is on GitHub, with somebody's open request there."""
    with people_door() as door:
        door.secrets.put(f"stack/town/{TOWN}", json.dumps({"github_cli_pat": "pat-1"}))
        door.change(move_to_github)
        door.git_host.push("theirs", "sha-1")
        order = PullOrder(head="theirs", base="main", title="Their work", body="")
        made = door.git_host.open_pull(REPOSITORY, order, Access(token="theirs", memory=MemoryOfNothing()))
        assert isinstance(made, PullRef)
        yield door


class MemoryOfNothing:
    """Remembers no answer."""

    def recall(self, address: str) -> None:
        """Nothing."""

    def remember(self, address: str, tag: str, kept: dict[str, object]) -> None:
        """Not at all."""


def move_to_github(town: Town, _moment: Moment) -> None:
    """Put the rig's repository on GitHub."""
    town.rigs[RIG].git_url = "https://github.com/acme/widgets.git"


def adopt(door: PeopleDoor, url: str = URL, **more: object) -> Answer:
    """A person hands the request over."""
    return door.ask("POST", f"{R}/babysit-pr", {"pr_url": url, **more})


def look(door: PeopleDoor) -> None:
    """Tick, and have the provider asked."""
    door.tick()
    [key] = [f"OUTBOX#{effect.id}" for effect in door.town.effects.values()]
    perform_effect(door.outside, TOWN, key)
    door.tick()


def test_an_adopted_request_is_watched_at_once_without_a_refinery(door: PeopleDoor) -> None:
    """The answer warns that the rig's code review is bypassed (town facts, 2.8)."""
    answer = adopt(door)

    assert 201 == answer.status
    assert "code review" in answer.data["warning"]
    look(door)
    [review] = door.town.reviews.values()
    assert (answer.data["beadId"], "watching", True) == (review.id, review.phase, review.is_adopted)
    assert review.watch.green_since is not None
    assert {} == door.town.agents


def test_its_feedback_becomes_work_and_its_merge_an_end(door: PeopleDoor) -> None:
    """As for the town's own requests; there is no bead behind it."""
    adopt(door, force_push_allowed=True)
    threads = (Thread(author="ann", body="Why?", place="a.py:3"),)
    door.git_host.change(feedback=Feedback(head_sha="sha-1", threads=threads))
    look(door)
    [fix] = door.town.beads.values()
    assert (["gt:pr-feedback"], BeadStatus.OPEN) == (fix.labels, fix.status)


def test_a_request_that_was_merged_outside_ends_its_review(door: PeopleDoor) -> None:
    """With an outside receipt."""
    made = adopt(door).data["beadId"]
    door.git_host.change(status=PullStatus.MERGED, merge_commit_sha="merge-1")
    look(door)

    shown = door.ask("GET", f"{R}/beads/{made}").data
    assert ("closed", True) == (shown["status"], shown["metadata"]["receipt"]["outside"])


def test_the_same_request_is_adopted_once(door: PeopleDoor) -> None:
    """Asked again, it is the same review."""
    assert adopt(door).data["beadId"] == adopt(door).data["beadId"]
    assert 1 == len(door.town.reviews)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/other/pull/1",
        "https://gitlab.com/acme/widgets/-/merge_requests/1",
        "https://evil.example/acme/widgets/pull/1",
        "https://github.com@evil.example/acme/widgets/pull/1",
        "https://github.com:443@evil.example/acme/widgets/pull/1",
        "https://me:secret@github.com/acme/widgets/pull/1",
        "https://github.com.evil.example/acme/widgets/pull/1",
        "https://xgithub.com/acme/widgets/pull/1",
        "https://github.com\\@evil.example/acme/widgets/pull/1",
        "https://github.com/acme/widgets.js/pull/1",
        "https://github.com/acme/../acme/widgets/pull/1",
        "http://github.com/acme/widgets/pull/1",
        "git@github.com:acme/widgets.git",
        "ssh://git@github.com/acme/widgets/pull/1",
        "nonsense",
        "",
    ],
)
def test_an_address_of_something_else_is_refused_and_nothing_is_asked(door: PeopleDoor, url: str) -> None:
    """The field is named."""
    door.git_host.calls.clear()
    answer = adopt(door, url)

    assert 400 == answer.status
    assert "pr_url" in json.dumps(answer.body["issues"])
    assert "secret" not in str(answer.body)
    assert ([], {}) == (door.git_host.calls, door.town.reviews)


@pytest.mark.parametrize(
    "url",
    [
        "https://GITHUB.com/Acme/Widgets/pull/1",
        "https://github.com:443/acme/widgets/pull/1",
        "https://github.com/acme/widgets/pull/1/files?w=1#diff-1",
        "  https://github.com/acme/widgets/pull/1  ",
    ],
)
def test_the_rigs_own_request_is_known_however_it_is_written(door: PeopleDoor, url: str) -> None:
    """Hosts and names are compared without their case, and the host without its port."""
    assert 201 == adopt(door, url).status


def test_a_rig_with_dots_and_an_ssh_address_is_its_own_repository(door: PeopleDoor) -> None:
    """Compared whole: nothing is cut at a dot."""
    door.change(lambda town, _: setattr(town.rigs[RIG], "git_url", "git@github.com:acme/widgets.dotted.js.git"))

    assert 400 == adopt(door, "https://github.com/acme/widgets/pull/1").status
    assert 201 == adopt(door, "https://github.com/acme/widgets.dotted.js/pull/1").status


def test_a_request_that_is_over_or_from_a_fork_is_refused(door: PeopleDoor) -> None:
    """With why."""
    door.git_host.change(is_fork=True)
    assert (409, True) == ((answer := adopt(door)).status, "another repository" in answer.body["error"])
    door.git_host.change(is_fork=False, status=PullStatus.CLOSED)
    assert (409, True) == ((answer := adopt(door)).status, "closed" in answer.body["error"])
    assert {} == door.town.reviews


def test_a_provider_that_does_not_answer_is_named(door: PeopleDoor) -> None:
    """Try again later for what may pass, what to do for the rest."""
    down = HttpError(provider=Provider.GITHUB, status=503, text="down", transient=True)
    door.git_host.refusals += [down, replace(down, status=404, transient=False)]

    assert (503, "60") == ((answer := adopt(door)).status, answer.headers.get("Retry-After"))
    assert (409, True) == ((answer := adopt(door)).status, "HTTP 404" in answer.body["error"])


def test_without_a_credential_the_answer_lists_what_was_tried(door: PeopleDoor) -> None:
    """REQ-5.11."""
    door.secrets.put(f"stack/town/{TOWN}", "{}")

    assert "`town.github_cli_pat`" in adopt(door).body["error"]


def test_a_preview_says_what_is_there_and_changes_nothing(door: PeopleDoor) -> None:
    """A request of another repository is unknown, and no error (town facts, 2.8)."""
    seen = door.ask("GET", f"{R}/babysit-pr/preview?pr_url={URL}").data
    other = door.ask("GET", f"{R}/babysit-pr/preview?pr_url={URL.replace('widgets', 'other')}").data

    assert ("open", "theirs", True) == (seen["state"], seen["head_branch"], seen["repo_matches"])
    assert {"state": "unknown", "repo_matches": False} == other
    assert {} == door.town.reviews
