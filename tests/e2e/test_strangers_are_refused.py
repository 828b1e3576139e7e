"""Whoever is not the owner, or does not speak the language, is refused before anything changes."""

import jwt
import pytest

from infra.local.demo_api import TownApi
from infra.local.deployment import sign_user_token
from infra.local.stack import Stack
from tests.e2e.story import Story

pytestmark = pytest.mark.e2e


def test_another_person_sees_and_changes_nothing(stack: Stack, story: Story) -> None:
    """A valid token of somebody else opens neither reads nor writes of the town."""
    token = sign_user_token(stack.endpoint, stack.outputs["UserSecretArn"], "a-stranger")
    stranger = TownApi(api=stack.api, user_id="a-stranger", user_token=token)
    asked = [
        stranger.send("GET", f"/api/towns/{story.town_id}/status"),
        stranger.send("GET", f"/api/towns/{story.town_id}/config"),
        stranger.send("PATCH", f"/api/towns/{story.town_id}/config", json={"default_model": "mine"}),
        stranger.send("POST", f"{story.rig}/sling", json={"title": "mine"}),
        stranger.send("DELETE", f"{story.api.people}/towns/{story.town_id}"),
    ]
    stranger.client.close()

    assert [answer.status_code for answer in asked] == [403] * 5
    assert story.api.call("GET", f"/api/towns/{story.town_id}/config")["default_model"] is None


def test_a_forged_or_missing_token_is_unauthorized(stack: Stack, story: Story) -> None:
    """A token signed with another secret, an unsigned one and none at all get 401 in the envelope."""
    claims = {"version": 3, "kiloUserId": stack.user_id, "aud": "gastown", "iat": 1, "exp": 4102444800}
    forged = jwt.encode(claims, "not the secret of this stack, but long enough", algorithm="HS256")
    unsigned = jwt.encode(claims, "", algorithm="none")
    headers = [{"Authorization": f"Bearer {forged}"}, {"Authorization": f"Bearer {unsigned}"}, {"Authorization": ""}]
    path = f"/api/towns/{story.town_id}/status"
    answers = [story.api.send("GET", path, headers=header) for header in headers]

    assert [answer.status_code for answer in answers] == [401] * 3
    assert [answer.json()["success"] for answer in answers] == [False] * 3


def test_a_container_token_does_not_open_the_peoples_door(story: Story) -> None:
    """Tokens of containers and agents are no tokens of people."""
    token = story.debug("POST", "/tokens", {})["token"]
    answer = story.api.send("GET", f"/api/towns/{story.town_id}/config", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"{not json", None),
        (b"[]", None),
        (b"", None),
        (b'{"rig_id": "r", "convoy_title": "t", "tasks": "many"}', ["tasks"]),
        (b'{"rig_id": "r", "convoy_title": 7, "tasks": [{"title": "x"}]}', ["convoy_title"]),
    ],
    ids=["malformed", "a list", "empty", "text for a list", "number for text"],
)
def test_a_bad_body_is_refused_and_names_its_field(story: Story, content: bytes, field: list[str] | None) -> None:
    """Malformed JSON and wrong types get 400 with issues, and nothing is created."""
    path = f"/api/towns/{story.town_id}/convoys/sling"
    answer = story.api.send("POST", path, content=content, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400
    assert answer.json()["error"] == "Invalid request body"
    assert field is None or field in [issue["path"] for issue in answer.json()["issues"]]
    assert story.api.call("GET", f"/api/towns/{story.town_id}/convoys") == []


def test_impossible_dependencies_are_refused_whole(story: Story) -> None:
    """A cycle or a position out of range gets 400, and no bead is made."""
    cycle = [{"title": "a", "depends_on": [1]}, {"title": "b", "depends_on": [0]}]
    beyond = [{"title": "a", "depends_on": [5]}]
    orders = [{"rig_id": story.rig_id, "convoy_title": "no", "tasks": tasks} for tasks in (cycle, beyond)]
    path = f"/api/towns/{story.town_id}/convoys/sling"

    assert [story.api.send("POST", path, json=order).status_code for order in orders] == [400, 400]
    assert story.api.call("GET", f"{story.rig}/beads") == []


def test_what_does_not_exist_is_not_found(story: Story) -> None:
    """Unknown towns, rigs, beads, convoys and paths get 404 in the envelope."""
    nobody = "01900000-0000-7000-8000-000000000000"
    paths = [
        f"/api/towns/{nobody}/status",
        f"{story.rig}/beads/{nobody}",
        f"/api/towns/{story.town_id}/convoys/{nobody}",
        "/api/nothing/here",
    ]
    answers = [story.api.send("GET", path) for path in paths]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert [answer.json()["success"] for answer in answers] == [False] * 4
