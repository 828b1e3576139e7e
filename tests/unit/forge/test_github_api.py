"""GitHub's REST dialect: who may ask, what it costs, pages, errors in GitHub's words."""

import time

import httpx
import pytest

from tests.support.forge.scene import Scene

QUERY = 'query { repository(owner: "acme", name: "widgets") { id } }'


def test_an_open_pull_request_reads_as_github_describes_it(scene: Scene) -> None:
    """The fields that a poll reads."""
    pull = scene.call("GET", scene.github).json()

    assert {
        "number": 1,
        "state": "open",
        "merged": False,
        "draft": False,
        "title": "Add a feature",
    }.items() <= pull.items()
    assert ("feature", scene.sha, "main") == (pull["head"]["ref"], pull["head"]["sha"], pull["base"]["ref"])
    assert f"{scene.forge.url}/acme/widgets/pull/1" == pull["html_url"]
    assert "clean" == pull["mergeable_state"]


def test_a_token_that_is_unknown_expired_or_missing_is_401(scene: Scene) -> None:
    """`Bad credentials`, or `Requires authentication`; time alone ends a token."""
    short = scene.forge.steer.add_token(expires_in=60)
    before = scene.call("GET", scene.github, token=short).status_code
    scene.forge.steer.advance(61)
    after = scene.call("GET", scene.github, token=short)

    assert [200, 401] == [before, after.status_code]
    assert "Bad credentials" == after.json()["message"]
    assert 401 == scene.call("GET", scene.github, token="nobody's").status_code
    assert "Requires authentication" == scene.call("GET", scene.github, token="").json()["message"]


def test_a_token_does_not_see_other_repositories(scene: Scene) -> None:
    """404, as if there were none."""
    other = scene.forge.steer.add_token(projects=["acme/other"])

    assert 404 == scene.call("GET", scene.github, token=other).status_code
    assert "NOT_FOUND" == scene_error(scene, other)["type"]


def scene_error(scene: Scene, token: str) -> dict[str, str]:
    """The first error of a query with this token."""
    answer: dict[str, str] = scene.call("POST", "/graphql", token=token, json={"query": QUERY}).json()["errors"][0]
    return answer


def test_a_permission_that_is_missing_is_403(scene: Scene) -> None:
    """Reading is one permission, merging another (contents: write)."""
    reader = scene.forge.steer.add_token(permissions={"pull_requests": "write", "contents": "read"})
    refused = scene.call("PUT", f"{scene.github}/merge", token=reader)

    assert 200 == scene.call("GET", scene.github, token=reader).status_code
    assert 403 == refused.status_code
    assert "Resource not accessible by personal access token" == refused.json()["message"]


def test_an_unchanged_answer_is_304_and_costs_no_quota(scene: Scene) -> None:
    """And a change shows again; the tag of one token is of no use with another."""
    first = scene.call("GET", scene.github)
    known = {"If-None-Match": first.headers["ETag"]}
    second = scene.call("GET", scene.github, headers=known)
    other = scene.call("GET", scene.github, headers=known, token=scene.forge.steer.add_token("else"))
    scene.forge.steer.push(scene.path, "feature", {"more.txt": "more\n"})
    third = scene.call("GET", scene.github, headers=known)

    assert [200, 304, 200, 200] == [answer.status_code for answer in (first, second, other, third)]
    assert b"" == second.content
    assert ["1", "1", "2"] == [answer.headers["X-RateLimit-Used"] for answer in (first, second, third)]


def test_a_spent_quota_is_403_without_remaining_requests_until_the_hour_is_over(scene: Scene) -> None:
    """Not a 403 that says anything about permissions."""
    scene.forge.steer.set_quota(1)
    answers = [scene.call("GET", scene.github) for _ in range(2)]
    scene.forge.steer.advance(3601)

    assert [200, 403] == [answer.status_code for answer in answers]
    assert "0" == answers[1].headers["X-RateLimit-Remaining"]
    assert "API rate limit exceeded" in answers[1].json()["message"]
    assert 200 == scene.call("GET", scene.github).status_code


def test_pull_requests_are_listed_by_head_base_and_state(scene: Scene) -> None:
    """How one finds the request that exists already."""
    found = [
        len(scene.call("GET", "/repos/acme/widgets/pulls", params=wanted).json())
        for wanted in ({"head": "acme:feature", "base": "main"}, {"head": "acme:other"}, {"state": "closed"})
    ]

    assert [1, 0, 0] == found


def test_a_pull_request_is_made_once(scene: Scene) -> None:
    """The second is 422 with GitHub's words; so is a branch that is not there or has nothing new."""
    scene.forge.steer.push(scene.path, "second", {"second.txt": "2\n"})
    scene.forge.world.projects[scene.path].repository.create_branch(
        "empty", scene.forge.world.projects[scene.path].repository.head("main") or ""
    )
    body = {"title": "Second", "head": "second", "base": "main", "body": "why"}
    made = scene.call("POST", "/repos/acme/widgets/pulls", json=body)
    again = scene.call("POST", "/repos/acme/widgets/pulls", json=body)
    missing = scene.call("POST", "/repos/acme/widgets/pulls", json=body | {"head": "nowhere"})
    empty = scene.call("POST", "/repos/acme/widgets/pulls", json=body | {"head": "empty"})

    assert [201, 422, 422, 422] == [answer.status_code for answer in (made, again, missing, empty)]
    assert "A pull request already exists for acme:second." == again.json()["errors"][0]["message"]
    assert {"field": "head", "code": "invalid"}.items() <= missing.json()["errors"][0].items()
    assert "No commits between main and empty" == empty.json()["errors"][0]["message"]


def test_more_than_100_check_runs_come_in_pages(scene: Scene) -> None:
    """`total_count` counts all, `Link` leads to the rest."""
    scene.forge.steer.set_check(scene.path, "check", count=130, number=scene.number)
    path = f"/repos/acme/widgets/commits/{scene.sha}/check-runs?per_page=100"
    first = scene.call("GET", path)
    following = first.links["next"]["url"].removeprefix(scene.forge.url)
    second = scene.call("GET", following)

    assert [130, 100] == [first.json()["total_count"], len(first.json()["check_runs"])]
    assert 30 == len(second.json()["check_runs"])
    assert "next" not in second.links


def test_the_combined_status_is_pending_until_all_contexts_succeed(scene: Scene) -> None:
    """Nothing at all is pending with a count of 0; the latest of a context counts; an error is a failure."""
    path, seen = f"/repos/acme/widgets/commits/{scene.sha}/status", []
    for state in (None, "pending", "success", "error"):
        if state:
            scene.forge.steer.set_status(scene.path, "ci", state, sha=scene.sha)
        answer = scene.call("GET", path).json()
        seen.append((answer["state"], answer["total_count"]))

    assert [("pending", 0), ("pending", 1), ("success", 1), ("failure", 1)] == seen


def test_a_failing_check_that_is_not_required_makes_it_unstable(scene: Scene) -> None:
    """The state that the reference did not know."""
    scene.forge.steer.set_check(scene.path, "lint", "failure", number=scene.number)

    assert "unstable" == scene.call("GET", scene.github).json()["mergeable_state"]


def test_a_branch_is_made_once(scene: Scene) -> None:
    """Its ref can be read; the second time is 422."""
    body = {"ref": "refs/heads/convoy/one", "sha": scene.sha}
    made = scene.call("POST", "/repos/acme/widgets/git/refs", json=body)
    again = scene.call("POST", "/repos/acme/widgets/git/refs", json=body)
    read = scene.call("GET", "/repos/acme/widgets/git/ref/heads/convoy/one")

    assert [201, 422, 200] == [made.status_code, again.status_code, read.status_code]
    assert "Reference already exists" == again.json()["message"]
    assert scene.sha == read.json()["object"]["sha"]
    assert 404 == scene.call("GET", "/repos/acme/widgets/git/ref/heads/none").status_code


def test_the_newer_version_of_the_api_does_not_tell_the_merge_commit(scene: Scene) -> None:
    """2026-03-10 took `merge_commit_sha` away; an unknown version is 400."""
    newer, unknown = ({"X-GitHub-Api-Version": version} for version in ("2026-03-10", "1999-01-01"))

    assert "merge_commit_sha" in scene.call("GET", scene.github).json()
    assert "merge_commit_sha" not in scene.call("GET", scene.github, headers=newer).json()
    assert 400 == scene.call("GET", scene.github, headers=unknown).status_code


def test_one_connection_serves_many_requests(scene: Scene) -> None:
    """Kept alive, as clients with a pool do."""
    start = time.monotonic()
    with httpx.Client(base_url=scene.forge.url, headers={"Authorization": f"Bearer {scene.token}"}) as client:
        statuses = {client.get("/repos/acme/widgets").status_code for _ in range(50)}

    assert {200} == statuses
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("path", ["/api/v3/repos/acme/widgets/pulls/1", "/repos/ACME/Widgets/pulls/1"])
def test_enterprise_paths_and_other_case_lead_to_the_same_place(scene: Scene, path: str) -> None:
    """Names of owners and repositories have no case at GitHub."""
    assert 1 == scene.call("GET", path).json()["number"]


def test_a_merge_commit_shows_its_tree_and_parents(scene: Scene) -> None:
    """What a receipt of a landing names."""
    sha = scene.call("PUT", f"{scene.github}/merge", json={"merge_method": "merge"}).json()["sha"]
    commit = scene.call("GET", f"/repos/acme/widgets/git/commits/{sha}").json()
    query = 'query { repository(owner: "acme", name: "widgets") { pullRequest(number: 1) { mergeCommit { oid } } } }'

    assert scene.sha == commit["parents"][1]["sha"]
    assert (
        scene.forge.world.projects[scene.path].repository.git("rev-parse", f"{sha}^{{tree}}") == commit["tree"]["sha"]
    )
    assert {"mergeCommit": {"oid": sha}} == scene.ask(query)["data"]["repository"]["pullRequest"]
    assert sha == scene.call("GET", "/repos/acme/widgets/branches/main").json()["commit"]["sha"]


def test_a_request_from_a_fork_says_so(scene: Scene) -> None:
    """The head belongs to somebody else."""
    scene.forge.steer.push(scene.path, "theirs", {"theirs.txt": "t\n"})
    scene.forge.steer.open_request(scene.path, "theirs", fork="stranger/widgets", login="stranger")
    head = scene.call("GET", "/repos/acme/widgets/pulls/2").json()["head"]
    query = 'query { repository(owner: "acme", name: "widgets") { pullRequest(number: 2) { isCrossRepository } } }'

    assert ("stranger:theirs", "stranger/widgets") == (head["label"], head["repo"]["full_name"])
    assert {"isCrossRepository": True} == scene.ask(query)["data"]["repository"]["pullRequest"]


def test_a_project_that_is_gone_is_404_and_a_token_taken_back_401(scene: Scene) -> None:
    """For REST; git and GraphQL look in the same place."""
    token = scene.forge.steer.add_token()
    scene.forge.steer.revoke_token(token)
    revoked = scene.call("GET", scene.github, token=token).status_code
    scene.forge.steer.remove_project(scene.path)

    assert [401, 404] == [revoked, scene.call("GET", scene.github).status_code]
