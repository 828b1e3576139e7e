"""Trouble comes when it is asked for, as often as asked, to whom it is meant; and the journal saw it."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.forge.scene import Scene


def test_a_status_comes_as_often_as_armed(scene: Scene) -> None:
    """Then all is well again."""
    scene.forge.steer.arm(kind="status", status=503, path="/pulls/1$", times=2)
    statuses = [scene.call("GET", scene.github).status_code for _ in range(3)]

    assert [503, 503, 200] == statuses
    assert ["status", "status", None] == [entry.fault for entry in scene.forge.journal.seen(path="/pulls/1$")]


def test_a_fault_keeps_to_its_method_path_and_turn(scene: Scene) -> None:
    """Others pass; `skip` lets the first ones pass too."""
    scene.forge.steer.arm(kind="status", status=500, method="PUT", path="/merge$")
    scene.forge.steer.arm(kind="status", status=502, method="GET", path="/pulls$", skip=1)
    listed = [scene.call("GET", "/repos/acme/widgets/pulls").status_code for _ in range(3)]

    assert [200, 502, 200] == listed
    assert 200 == scene.call("GET", scene.github).status_code
    assert 500 == scene.call("PUT", f"{scene.github}/merge").status_code
    assert "open" == scene.state()["state"]


def test_rate_limits_read_as_the_provider_writes_them(scene: Scene) -> None:
    """Primary: none remaining; secondary: `Retry-After`; GitLab: 429 in plain text."""
    for kind, seconds in (("rate_limited", 90), ("secondary_rate_limited", 30), ("rate_limited", 20)):
        scene.forge.steer.arm(kind=kind, seconds=seconds)
    primary, secondary = (scene.call("GET", scene.github) for _ in range(2))
    gitlab = scene.call("GET", scene.gitlab)

    assert [403, 403, 429] == [primary.status_code, secondary.status_code, gitlab.status_code]
    assert "0" == primary.headers["X-RateLimit-Remaining"]
    assert 80 < int(primary.headers["X-RateLimit-Reset"]) - scene.forge.world.now() < 91
    assert "30" == secondary.headers["Retry-After"]
    assert "secondary rate limit" in secondary.json()["message"]
    assert ["20", "Retry later\n"] == [gitlab.headers["Retry-After"], gitlab.text]


def test_bodies_can_be_html_no_json_or_of_another_shape(scene: Scene) -> None:
    """Each with the status that goes with it."""
    scene.forge.steer.arm(kind="html", status=200)
    scene.forge.steer.arm(kind="not_json")
    scene.forge.steer.arm(kind="wrong_shape", body=["a", "list"])
    html, broken, other = (scene.call("GET", scene.github) for _ in range(3))

    assert [200, 200, 200] == [answer.status_code for answer in (html, broken, other)]
    assert "text/html" == html.headers["Content-Type"]
    with pytest.raises(ValueError, match="property name"):
        broken.json()
    assert ["a", "list"] == other.json()


@pytest.mark.parametrize("kind", ["truncated", "drop"])
def test_an_answer_can_end_in_the_middle_or_before_it_begins(scene: Scene, kind: str) -> None:
    """A client sees a broken connection."""
    scene.forge.steer.arm(kind=kind)
    with pytest.raises(httpx.RemoteProtocolError):
        scene.call("GET", scene.github)


def test_a_merge_can_be_done_while_its_answer_is_lost(scene: Scene) -> None:
    """The outcome is unknown to the client; the forge knows."""
    scene.forge.steer.arm(kind="lost", path="/merge$")
    with pytest.raises(httpx.RemoteProtocolError):
        scene.call("PUT", f"{scene.github}/merge")

    assert "merged" == scene.state()["state"]


def test_an_answer_can_take_its_time(scene: Scene) -> None:
    """While others are served."""
    slow = 60
    scene.forge.steer.arm(kind="delay", seconds=slow, path="/pulls/1$")
    start = time.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        scene.call("GET", scene.github, timeout=0.1)

    assert 200 == scene.call("GET", scene.github).status_code
    assert time.monotonic() - start < slow / 2


def test_unknown_values_can_stand_in_any_field(scene: Scene) -> None:
    """Of REST and GraphQL alike."""
    scene.forge.steer.arm(kind="unknown_value", values={"mergeable_state": "entangled"})
    scene.forge.steer.arm(kind="unknown_value", values={"reviewDecision": "PERHAPS"})
    pull = scene.call("GET", scene.github).json()
    query = 'query { repository(owner: "acme", name: "widgets") { pullRequest(number: 1) { reviewDecision } } }'

    assert "entangled" == pull["mergeable_state"]
    assert {"pullRequest": {"reviewDecision": "PERHAPS"}} == scene.ask(query)["data"]["repository"]


def test_a_redirect_leads_to_another_host_and_the_journal_tells_whether_a_token_went_there(scene: Scene) -> None:
    """`localhost` is the same server under another name; one client follows with its token, one without."""
    other = scene.forge.url.replace("127.0.0.1", "localhost")
    scene.forge.steer.arm(
        kind="redirect", status=307, location=f"{other}/", path="/pulls/1$", host=host(scene), times=2
    )
    refused = scene.call("GET", scene.github)
    careful = scene.call("GET", scene.github, follow_redirects=True)

    assert [307, f"{other}/repos/acme/widgets/pulls/1"] == [refused.status_code, refused.headers["Location"]]
    assert 401 == careful.status_code
    assert set() == scene.forge.journal.tokens_at(other.removeprefix("http://"))

    httpx.get(other + scene.github, headers={"Authorization": f"token {scene.token}"})

    assert {scene.token} == scene.forge.journal.tokens_at(other.removeprefix("http://"))


def host(scene: Scene) -> str:
    """The forge's own name."""
    return scene.forge.url.removeprefix("http://")


def test_git_can_be_refused_too(scene: Scene) -> None:
    """The same faults stand in its way."""
    scene.forge.steer.arm(kind="status", status=401, path="info/refs")
    answer = httpx.get(f"{scene.forge.url}/acme/widgets.git/info/refs?service=git-upload-pack")

    assert 401 == answer.status_code


def test_the_journal_counts_requests_and_what_they_cost(scene: Scene) -> None:
    """Method, path, operation, token, status and cost."""
    tag = scene.call("GET", scene.github).headers["ETag"]
    scene.call("GET", scene.github, headers={"If-None-Match": tag})
    scene.ask("query Look { viewer { login } }")
    seen = [
        (entry.method, entry.path, entry.operation, entry.status, entry.cost) for entry in scene.forge.journal.entries
    ]

    assert [
        ("GET", "/repos/acme/widgets/pulls/1", None, 200, 1),
        ("GET", "/repos/acme/widgets/pulls/1", None, 304, 0),
        ("POST", "/graphql", "Look", 200, 1),
    ] == seen
    assert 2 == scene.forge.journal.spent()
    assert {scene.token} == {entry.token for entry in scene.forge.journal.entries}


@pytest.mark.parametrize("wrong", [{"kind": "sulk"}, {"kind": "status", "stauts": 500}])
def test_a_fault_that_does_not_exist_cannot_be_armed(scene: Scene, wrong: dict[str, Any]) -> None:
    """A misspelt fault would be a test that cannot fail."""
    arm: Callable[..., None] = scene.forge.steer.arm
    with pytest.raises((ValueError, TypeError)):
        arm(**wrong)
