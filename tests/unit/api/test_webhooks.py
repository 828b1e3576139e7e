"""Webhooks: believed by their signature only, heard once, and only where somebody waits."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from gastown.domain.ids import BeadId, Moment
from gastown.domain.pull import MergeStrategy
from gastown.domain.review import Review, ReviewPhase
from gastown.domain.town import Town
from gastown.domain.watch import Watch
from gastown.ports.directory import RigRow
from gastown.usecases import webhooks
from tests.support.people_door import USER, WEBHOOKS_ID, WEBHOOKS_SECRET, Answer, PeopleDoor, people_door
from tests.support.stage import RIG, TOWN

URL = "https://github.com/acme/widgets"
REPOSITORY = {"full_name": "Acme/Widgets"}
GITLAB = {"web_url": "https://gitlab.com/group/sub/widgets"}


@pytest.fixture
def door() -> Iterator[PeopleDoor]:
    """A town that watches request 7 of branch `work`, and is looked at again in an hour."""
    with people_door() as door:
        watch_in(door, URL)
        yield door


def watch_in(door: PeopleDoor, git_url: str) -> None:
    """Watch a request of this repository."""
    row = RigRow(
        rig_id=RIG, town_id=TOWN, owner_user_id=USER, name="rig", git_url=git_url, default_branch="main",
        created_at=door.now,
    )  # fmt: skip
    door.directory.put_rig(row)

    def place(town: Town, moment: Moment) -> None:
        watch = Watch(url=f"{git_url}/pull/7", number=7, next_at=moment.now + timedelta(hours=1))
        review = Review(
            id=BeadId("review-1"), rig_id=RIG, title="Review", branch="work", sha="sha-1", target_branch="main",
            base_branch="main", created_at=moment.now, updated_at=moment.now, strategy=MergeStrategy.PR,
            phase=ReviewPhase.WATCHING, approved_sha="sha-1", watch=watch,
        )  # fmt: skip
        town.rigs[RIG].git_url = git_url
        town.reviews[review.id] = review

    door.change(place)


def github(door: PeopleDoor, payload: Any, *, secret: str = WEBHOOKS_SECRET) -> Answer:
    """A delivery of GitHub."""
    body = json.dumps(payload)
    signature = "sha256=" + hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    return door.ask("POST", "/webhooks/github", body, token="", more={"x-hub-signature-256": signature})


def gitlab(door: PeopleDoor, payload: Any, token: str = WEBHOOKS_SECRET) -> Answer:
    """A delivery of GitLab."""
    return door.ask("POST", "/webhooks/gitlab", payload, token="", more={"x-gitlab-token": token})


def is_looked_at(door: PeopleDoor) -> bool:
    """Whether the town has its request looked at now."""
    door.tick()
    return [effect.kind.value for effect in door.town.effects.values()] == ["poll_pull"]


@pytest.mark.parametrize(
    "event",
    [
        {"pull_request": {"number": 7}},
        {"issue": {"number": 7}, "action": "created"},
        {"check_run": {"pull_requests": [{"number": 7}]}},
        {"check_run": {"pull_requests": [], "check_suite": {"head_branch": "work"}}},
        {"check_suite": {"head_branch": "work", "pull_requests": []}},
        {"workflow_run": {"head_branch": "work"}},
        {"branches": [{"name": "work"}], "state": "success"},
        {"ref": "refs/heads/work"},
    ],
)
def test_whatever_speaks_of_a_watched_request_has_it_looked_at(door: PeopleDoor, event: dict[str, Any]) -> None:
    """Reviews, comments, checks, statuses, pushes; at once."""
    assert not is_looked_at(door)
    answer = github(door, {"repository": REPOSITORY, **event})

    assert (200, {"towns": 1}) == (answer.status, answer.data)
    assert is_looked_at(door)


@pytest.mark.parametrize(
    "event",
    [
        {"object_kind": "merge_request", "object_attributes": {"iid": 7, "source_branch": "other"}},
        {"object_kind": "note", "object_attributes": {"id": 1}, "merge_request": {"iid": 7}},
        {"object_kind": "pipeline", "object_attributes": {"ref": "work"}},
        {"object_kind": "push", "ref": "refs/heads/work"},
    ],
)
def test_so_do_those_of_gitlab(door: PeopleDoor, event: dict[str, Any]) -> None:
    """Projects may lie in subgroups."""
    watch_in(door, "https://gitlab.com/group/sub/widgets.git")
    answer = gitlab(door, {"project": GITLAB, **event})

    assert (200, {"towns": 1}) == (answer.status, answer.data)
    assert is_looked_at(door)


def test_a_webhook_without_a_true_signature_changes_nothing(door: PeopleDoor) -> None:
    """Wrong secret, none at all, a wrong token."""
    payload = {"repository": REPOSITORY, "pull_request": {"number": 7}}

    assert 401 == github(door, payload, secret="guessed").status
    assert 401 == door.ask("POST", "/webhooks/github", payload, token="").status
    assert 401 == gitlab(door, payload, "guessed").status
    assert 401 == door.ask("POST", "/webhooks/gitlab", payload, token="").status
    assert not is_looked_at(door)


def test_both_live_versions_of_the_secret_are_good(door: PeopleDoor) -> None:
    """A rotation cuts no provider off."""
    door.secrets.put(WEBHOOKS_ID, "the-next-one")

    assert 200 == github(door, {"repository": REPOSITORY, "ref": "refs/heads/x"}, secret="the-next-one").status
    assert 200 == github(door, {"repository": REPOSITORY, "ref": "refs/heads/y"}).status


def test_a_delivery_that_comes_again_is_refused(door: PeopleDoor) -> None:
    """Whoever sends it: its signature is old news."""
    payload = {"repository": REPOSITORY, "pull_request": {"number": 7}}
    github(door, payload)
    door.tick()

    assert 409 == github(door, payload).status
    assert [] == list(door.town.inbox)


OLD, NEW = "2020-01-02T03:04:05Z", "2200-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ({"pull_request": {"number": 7, "updated_at": OLD}}, 409),
        ({"pull_request": {"number": 7, "updated_at": OLD}, "review": {"submitted_at": OLD}}, 409),
        ({"pull_request": {"number": 7, "created_at": OLD, "updated_at": NEW}}, 200),
        ({"pull_request": {"number": 7, "updated_at": OLD}, "review": {"submitted_at": NEW}}, 200),
        ({"pull_request": {"number": 7, "updated_at": "whenever"}}, 200),
        ({"ref": "refs/heads/work", "head_commit": {"timestamp": OLD}}, 200),
    ],
)
def test_a_stale_delivery_changes_nothing(door: PeopleDoor, event: dict[str, Any], status: int) -> None:
    """Nothing in it is younger than a day: whoever kept it that long may have sent it before."""
    assert status == github(door, {"repository": REPOSITORY, **event}).status
    assert (status == 200) is is_looked_at(door)


def test_a_stale_delivery_of_gitlab_changes_nothing(door: PeopleDoor) -> None:
    """Whose times have two forms."""
    watch_in(door, "https://gitlab.com/group/sub/widgets.git")
    for old in (OLD, "2020-01-02 03:04:05 UTC"):
        about = {"iid": 7, "source_branch": "work", "updated_at": old}
        answer = gitlab(door, {"project": GITLAB, "object_kind": "merge_request", "object_attributes": about})
        assert (409, webhooks.STALE) == (answer.status, answer.body["error"])
    assert not is_looked_at(door)


def test_a_delivery_about_a_review_that_is_over_wakes_nobody(door: PeopleDoor) -> None:
    """It came late."""
    door.change(lambda town, _: town.reviews.clear())

    assert {"towns": 0} == github(door, {"repository": REPOSITORY, "pull_request": {"number": 7}}).data


@pytest.mark.parametrize("change", ["body", "signature", "algorithm"])
def test_a_forged_delivery_changes_nothing(door: PeopleDoor, change: str) -> None:
    """A true signature of another body, one cut short, and the old SHA-1 one (docs.github.com: use SHA-256)."""
    body = json.dumps({"repository": REPOSITORY, "pull_request": {"number": 7}})
    signed = "sha256=" + hmac.new(WEBHOOKS_SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()
    sent, signature = {
        "body": (body.replace("7", "8"), signed),
        "signature": (body, signed[:-1]),
        "algorithm": (body, "sha1=" + hmac.new(WEBHOOKS_SECRET.encode(), body.encode(), hashlib.sha1).hexdigest()),
    }[change]
    answer = door.ask("POST", "/webhooks/github", sent, token="", more={"x-hub-signature-256": signature})

    assert (401, False) == (answer.status, answer.body["success"])
    assert not is_looked_at(door)


def test_a_webhook_that_concerns_nobody_wakes_nobody(door: PeopleDoor) -> None:
    """Other requests, other repositories: no commit, no wake, no row."""
    door.wake_queue.wakes.clear()
    version = door.town.version

    assert {"towns": 0} == github(door, {"repository": REPOSITORY, "pull_request": {"number": 8}}).data
    assert {"towns": 0} == github(door, {"repository": {"full_name": "acme/other"}, "ref": "refs/heads/work"}).data
    assert ([], version, {}) == (door.wake_queue.wakes, door.town.version, door.town.inbox)


@pytest.mark.parametrize("payload", [{}, {"repository": "x"}, [1], "no json"])
def test_a_signed_webhook_that_makes_no_sense_names_the_field(door: PeopleDoor, payload: Any) -> None:
    """A form instead of JSON is the usual cause."""
    answer = github(door, payload)

    assert 400 == answer.status
    assert answer.body["issues"][0]["path"] in (["repository", "full_name"], ["body"], ["repository.full_name"])


def test_webhooks_make_the_regular_looks_rare(door: PeopleDoor) -> None:
    """From a minute to ten while they come in (design section 5)."""
    github(door, {"repository": REPOSITORY, "pull_request": {"number": 7}})
    door.tick()

    assert door.town.rigs[RIG].webhook_at == door.now


@pytest.fixture
def looks(door: PeopleDoor, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The reads of the vault by a process that remembered the webhook secret just before it was rotated."""
    read, looks = door.secrets.get, list[str]()
    remembered: dict[str, tuple[str, ...]] = {WEBHOOKS_ID: (WEBHOOKS_SECRET,)}

    def get(secret_id: str, *, fresh: bool = False) -> tuple[str, ...]:
        if fresh or secret_id not in remembered:
            looks.extend([secret_id] * (secret_id == WEBHOOKS_ID))
            remembered[secret_id] = read(secret_id, fresh=fresh)
        return remembered[secret_id]

    monkeypatch.setattr(door.secrets, "get", get)
    door.secrets.put(WEBHOOKS_ID, "the-next-one")
    return looks


def test_a_delivery_that_is_signed_with_the_next_secret_is_good_at_once(door: PeopleDoor, looks: list[str]) -> None:
    """Also at a process that remembers the version before only; it looks once."""
    payload = {"repository": REPOSITORY, "pull_request": {"number": 7}}
    assert (200, {"towns": 1}) == ((answer := github(door, payload, secret="the-next-one")).status, answer.data)
    assert 200 == github(door, {**payload, "action": "edited"}).status
    assert 200 == github(door, {**payload, "action": "closed"}, secret="the-next-one").status
    assert [WEBHOOKS_ID] == looks


def test_so_is_a_token_of_gitlab(door: PeopleDoor, looks: list[str]) -> None:
    """It is the secret itself."""
    watch_in(door, "https://gitlab.com/group/sub/widgets.git")

    assert 200 == gitlab(door, {"project": GITLAB, "ref": "refs/heads/work"}, "the-next-one").status
    assert [WEBHOOKS_ID] == looks


def test_forged_deliveries_do_not_have_the_vault_read_at_will(door: PeopleDoor, looks: list[str]) -> None:
    """Once for any number of them; those that are no signature at all never."""
    payload = {"repository": REPOSITORY}
    for more in ({}, {"x-hub-signature-256": "sha256=0"}, {"x-hub-signature-256": "sha1=" + "0" * 40}):
        assert 401 == door.ask("POST", "/webhooks/github", payload, token="", more=more).status
    assert 401 == door.ask("POST", "/webhooks/gitlab", payload, token="").status
    assert [] == looks

    for number in range(5):
        assert 401 == github(door, payload, secret=f"guess-{number}").status
        assert 401 == gitlab(door, payload, f"guess-{number}").status
    assert [WEBHOOKS_ID] == looks
