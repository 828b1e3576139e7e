"""GitLab's dialect: tokens and scopes, OAuth renewal, pages, discussions, approvals, pipelines."""

from typing import Any

import httpx

from tests.support.forge import Forge
from tests.support.forge.scene import Scene, open_scene


def renew(forge: Forge, refresh: str, **more: str) -> httpx.Response:
    """Trade a refresh token in."""
    form = {"grant_type": "refresh_token", "client_id": "client", "client_secret": "secret", "refresh_token": refresh}
    return httpx.post(f"{forge.url}/oauth/token", data=form | more)


def bearer(scene: Scene, token: str) -> httpx.Response:
    """Read the merge request with an OAuth token."""
    return httpx.get(scene.forge.url + scene.gitlab, headers={"Authorization": f"Bearer {token}"})


def test_a_merge_request_reads_as_gitlab_describes_it(scene: Scene) -> None:
    """The fields that a poll reads, by path and by number of the project."""
    found: dict[str, Any] = scene.call("GET", scene.gitlab).json()
    by_number = scene.call("GET", f"/api/v4/projects/{found['project_id']}/merge_requests/1")

    assert {"iid": 1, "state": "opened", "draft": False, "has_conflicts": False}.items() <= found.items()
    assert ("feature", "main", scene.sha) == (found["source_branch"], found["target_branch"], found["sha"])
    assert f"{scene.forge.url}/acme/widgets/-/merge_requests/1" == found["web_url"]
    assert found == by_number.json()


def test_projects_live_in_subgroups(forge: Forge) -> None:
    """The whole path is one encoded segment."""
    scene = open_scene(forge, "group/sub/project.with.dots")

    assert 200 == scene.call("GET", scene.gitlab).status_code
    assert 404 == scene.call("GET", "/api/v4/projects/group%2Fsub%2Fother/merge_requests/1").status_code


def test_a_token_that_is_unknown_expired_or_of_the_wrong_kind_is_401(scene: Scene) -> None:
    """An OAuth token is a bearer token, not a private one."""
    short = scene.forge.steer.add_token(expires_in=60)
    oauth = scene.forge.steer.grant()["access_token"]
    scene.forge.steer.advance(61)
    expired = scene.call("GET", scene.gitlab, token=short)

    assert [401, "invalid_token"] == [expired.status_code, expired.json()["error"]]
    assert 401 == scene.call("GET", scene.gitlab, token="nobody's").status_code
    assert 401 == scene.call("GET", scene.gitlab, token=oauth).status_code
    assert 200 == bearer(scene, oauth).status_code


def test_a_scope_that_is_missing_is_403(scene: Scene) -> None:
    """`read_api` reads and does not merge."""
    reader = scene.forge.steer.add_token(scopes=["read_api"])
    refused = scene.call("PUT", f"{scene.gitlab}/merge", token=reader)

    assert 200 == scene.call("GET", scene.gitlab, token=reader).status_code
    assert [403, "insufficient_scope"] == [refused.status_code, refused.json()["error"]]


def test_a_refresh_token_works_once_and_ends_the_old_pair(scene: Scene) -> None:
    """Rotation: old access and refresh tokens are void at once."""
    scene.forge.steer.add_client("client", "secret")
    old = scene.forge.steer.grant()
    answer = renew(scene.forge, old["refresh_token"])
    new = answer.json()

    assert [200, 7200] == [answer.status_code, new["expires_in"]]
    assert [401, 200] == [bearer(scene, token["access_token"]).status_code for token in (old, new)]
    again = renew(scene.forge, old["refresh_token"])

    assert [400, "invalid_grant"] == [again.status_code, again.json()["error"]]
    assert 200 == renew(scene.forge, new["refresh_token"]).status_code


def test_an_access_token_lasts_two_hours_and_is_renewed_by_its_own_client_only(scene: Scene) -> None:
    """A wrong client secret is 401 and uses nothing up."""
    scene.forge.steer.add_client("client", "secret")
    pair = scene.forge.steer.grant()
    scene.forge.steer.advance(7201)

    assert 401 == bearer(scene, pair["access_token"]).status_code
    assert 401 == renew(scene.forge, pair["refresh_token"], client_secret="guess").status_code
    assert 200 == renew(scene.forge, pair["refresh_token"]).status_code


def test_discussions_come_in_pages(scene: Scene) -> None:
    """`X-Next-Page` leads on and is empty at the end; comments on the request itself cannot be resolved."""
    scene.forge.steer.add_thread(scene.path, 1, count=119)
    scene.forge.steer.comment(scene.path, 1, "nice")
    pages, number = [], "1"
    while number:
        answer = scene.call("GET", f"{scene.gitlab}/discussions", params={"per_page": 100, "page": number})
        pages.append(answer.json())
        number = answer.headers["X-Next-Page"]

    assert [100, 20] == [len(page) for page in pages]
    assert "120" == answer.headers["X-Total"]
    assert {"resolvable": True, "resolved": False}.items() <= pages[0][0]["notes"][0].items()
    assert pages[1][-1]["individual_note"]
    assert not pages[1][-1]["notes"][0]["resolvable"]


def test_a_discussion_is_answered_and_resolved(scene: Scene) -> None:
    """Over the API, as an agent does."""
    [key] = scene.forge.steer.add_thread(scene.path, 1, "Rename this")
    answered = scene.call("POST", f"{scene.gitlab}/discussions/{key}/notes", json={"body": "Done"})
    resolved = scene.call("PUT", f"{scene.gitlab}/discussions/{key}", params={"resolved": "true"})

    assert [201, 200] == [answered.status_code, resolved.status_code]
    assert {"resolved": True, "comments": ["Rename this", "Done"]}.items() <= scene.state()["threads"][0].items()
    assert 404 == scene.call("PUT", f"{scene.gitlab}/discussions/none", params={"resolved": "true"}).status_code


def test_approvals_are_counted_and_nobody_approves_his_own(scene: Scene) -> None:
    """`approvals_left` goes down; approving another head is 409."""
    scene.forge.steer.set_rules(scene.path, required_approvals=2)
    author = scene.forge.steer.add_token("author")
    own = scene.call("POST", f"{scene.gitlab}/approve", token=author)
    stale = scene.call("POST", f"{scene.gitlab}/approve", json={"sha": "0" * 40})
    approved = scene.call("POST", f"{scene.gitlab}/approve", json={"sha": scene.sha})
    state = scene.call("GET", f"{scene.gitlab}/approvals").json()

    assert [401, 409, 201] == [own.status_code, stale.status_code, approved.status_code]
    assert {"approved": False, "approvals_required": 2, "approvals_left": 1}.items() <= state.items()
    assert ["bot"] == [one["user"]["username"] for one in state["approved_by"]]


def test_the_head_pipeline_is_that_of_the_newest_commit(scene: Scene) -> None:
    """A push leaves the old pipeline behind."""
    scene.forge.steer.set_pipeline(scene.path, "success", number=1)
    before = scene.call("GET", scene.gitlab).json()["head_pipeline"]["status"]
    scene.forge.steer.push(scene.path, "feature", {"more.txt": "more\n"})

    assert "success" == before
    assert scene.call("GET", scene.gitlab).json()["head_pipeline"] is None
    assert ["success"] == [one["status"] for one in scene.call("GET", f"{scene.gitlab}/pipelines").json()]


def test_a_merge_request_is_made_once(scene: Scene) -> None:
    """The second is 409; `Draft:` makes a draft; labels come joined by commas."""
    scene.forge.steer.push(scene.path, "second", {"second.txt": "2\n"})
    body = {"title": "Draft: Second", "source_branch": "second", "target_branch": "main", "labels": "a,b"}
    made = scene.call("POST", "/api/v4/projects/acme%2Fwidgets/merge_requests", json=body)
    again = scene.call("POST", "/api/v4/projects/acme%2Fwidgets/merge_requests", json=body)
    listed = scene.call("GET", "/api/v4/projects/acme%2Fwidgets/merge_requests?state=opened&source_branch=second")

    assert [201, 409] == [made.status_code, again.status_code]
    assert {"draft": True, "labels": ["a", "b"]}.items() <= made.json().items()
    assert ["Another open merge request already exists for this source branch: !2"] == again.json()["message"]
    assert [2] == [one["iid"] for one in listed.json()]


def test_a_branch_is_made_once_and_branches_are_read_by_keyset(scene: Scene) -> None:
    """The second is 400; a `Link` leads from page to page without numbers."""
    path = "/api/v4/projects/acme%2Fwidgets/repository/branches"
    made = [scene.call("POST", path, json={"branch": "convoy/one", "ref": "main"}) for _ in range(2)]
    first = scene.call("GET", f"{path}?pagination=keyset&per_page=2")
    second = scene.call("GET", first.links["next"]["url"].removeprefix(scene.forge.url))

    assert [201, 400] == [answer.status_code for answer in made]
    assert ["convoy/one", "feature", "main"] == [one["name"] for one in first.json() + second.json()]
    assert "next" not in second.links
    assert 200 == scene.call("GET", f"{path}/convoy%2Fone").status_code


def test_rate_limit_headers_are_gitlabs(scene: Scene) -> None:
    """On every answer."""
    headers = scene.call("GET", scene.gitlab).headers

    assert {"ratelimit-limit", "ratelimit-observed", "ratelimit-remaining", "ratelimit-reset"} <= set(headers)
