"""A merge at the forge is a merge in git, for both dialects."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.support.forge.repository import Repository
from tests.support.forge.scene import Scene

OTHER = "0" * 40


def repository(scene: Scene) -> Repository:
    """The repository behind the scene."""
    return scene.forge.world.projects[scene.path].repository


@pytest.mark.parametrize(("method", "parents"), [("merge", 2), ("squash", 1), ("rebase", 1)])
def test_a_merge_really_merges(scene: Scene, method: str, parents: int) -> None:
    """The base branch has the file and stands at the sha that the answer names."""
    scene.forge.steer.push(scene.path, "main", {"other.txt": "meanwhile\n"})
    answer = scene.call("PUT", f"{scene.github}/merge", json={"sha": scene.sha, "merge_method": method})
    git = repository(scene)

    assert 200 == answer.status_code
    assert git.head("main") == answer.json()["sha"]
    assert "one view" == git.git("show", "main:feature.txt")
    assert "meanwhile" == git.git("show", "main:other.txt")
    assert parents == len(git.git("rev-list", "--parents", "-1", "main").split()) - 1
    assert {"state": "closed", "merged": True}.items() <= scene.call("GET", scene.github).json().items()


def test_gitlab_merges_with_squash_at_the_head_that_was_checked(scene: Scene) -> None:
    """`squash` makes one commit, and the answer is the merged request."""
    answer = scene.call("PUT", f"{scene.gitlab}/merge", json={"sha": scene.sha, "squash": True})

    assert 200 == answer.status_code
    assert "merged" == answer.json()["state"]
    assert repository(scene).head("main") == answer.json()["squash_commit_sha"]


@pytest.mark.parametrize("dialect", ["github", "gitlab"])
def test_a_merge_at_another_head_is_409_and_merges_nothing(scene: Scene, dialect: str) -> None:
    """A push between check and merge is noticed."""
    before = repository(scene).head("main")
    answer = scene.call("PUT", f"{getattr(scene, dialect)}/merge", json={"sha": OTHER})

    assert 409 == answer.status_code
    assert before == repository(scene).head("main")
    assert "open" == scene.state()["state"]


@pytest.mark.parametrize("dialect", ["github", "gitlab"])
def test_a_conflict_is_405_and_merges_nothing(scene: Scene, dialect: str) -> None:
    """Both sides changed one file; git says so, not a flag."""
    scene.conflict()
    before = repository(scene).head("main")
    answer = scene.call("PUT", f"{getattr(scene, dialect)}/merge", json={"sha": scene.sha})

    assert 405 == answer.status_code
    assert before == repository(scene).head("main")


def test_a_conflict_shows_in_every_merge_state(scene: Scene) -> None:
    """REST says dirty, GraphQL DIRTY and CONFLICTING, GitLab conflict; and it ends when the head is mended."""
    scene.conflict()
    query = (
        'query { repository(owner: "acme", name: "widgets") { pullRequest(number: 1) { mergeable mergeStateStatus } } }'
    )
    pull = scene.ask(query)["data"]["repository"]["pullRequest"]

    assert "dirty" == scene.call("GET", scene.github).json()["mergeable_state"]
    assert {"mergeable": "CONFLICTING", "mergeStateStatus": "DIRTY"} == pull
    assert "conflict" == scene.call("GET", scene.gitlab).json()["detailed_merge_status"]

    scene.forge.steer.push(scene.path, "main", {"feature.txt": None})

    assert "clean" == scene.call("GET", scene.github).json()["mergeable_state"]
    assert "mergeable" == scene.call("GET", scene.gitlab).json()["detailed_merge_status"]


def test_a_method_that_is_not_allowed_is_405_and_the_next_one_works(scene: Scene) -> None:
    """The message says *not allowed*, which is how a client knows to try another method."""
    scene.forge.steer.set_rules(scene.path, methods=["merge"])
    refused = scene.call("PUT", f"{scene.github}/merge", json={"merge_method": "squash"})

    assert 405 == refused.status_code
    assert "Squash merges are not allowed on this repository." == refused.json()["message"]
    assert 200 == scene.call("PUT", f"{scene.github}/merge", json={"merge_method": "merge"}).status_code


@pytest.mark.parametrize("dialect", ["github", "gitlab"])
def test_a_merged_or_closed_or_draft_request_is_not_merged(scene: Scene, dialect: str) -> None:
    """Each is 405."""
    path = f"{getattr(scene, dialect)}/merge"
    scene.forge.steer.set_request(scene.path, scene.number, draft=True)
    draft = scene.call("PUT", path).status_code
    scene.forge.steer.set_request(scene.path, scene.number, draft=False, state="closed")
    closed = scene.call("PUT", path).status_code
    scene.forge.steer.set_request(scene.path, scene.number, state="open")
    scene.forge.steer.merge(scene.path, scene.number)

    assert [405, 405, 405] == [draft, closed, scene.call("PUT", path).status_code]


def test_rules_stand_against_a_merge_until_they_are_met(scene: Scene) -> None:
    """Approval, required check, resolved threads: 405 with GitHub's words, `blocked` meanwhile, then 200."""
    steer, seen = scene.forge.steer, []
    steer.set_rules(scene.path, required_approvals=1, required_checks=["ci"], resolved_threads=True)
    steer.add_thread(scene.path, scene.number)
    meet: tuple[Callable[[], object], ...] = (
        lambda: steer.resolve(scene.path, scene.number),
        lambda: steer.review(scene.path, scene.number, "APPROVED"),
        lambda: steer.set_check(scene.path, "ci", number=scene.number),
    )
    for step in meet:
        seen.append(scene.call("PUT", f"{scene.github}/merge").json()["message"])
        assert "blocked" == scene.call("GET", scene.github).json()["mergeable_state"]
        step()

    assert "conversation" in seen[0]
    assert "At least 1 approving review is required by reviewers with write access." == seen[1]
    assert 'Required status check "ci" is expected.' == seen[2]
    assert 200 == scene.call("PUT", f"{scene.github}/merge").status_code


def test_gitlab_says_which_rule_stands_against_a_merge(scene: Scene) -> None:
    """`detailed_merge_status` names the first obstacle, and a running pipeline is not a failed one."""
    steer, seen = scene.forge.steer, []
    steer.set_rules(scene.path, required_approvals=1, resolved_threads=True, pipeline_must_succeed=True)
    steer.add_thread(scene.path, scene.number)
    steer.set_request(scene.path, scene.number, draft=True)
    steps: tuple[Callable[[], object], ...] = (
        lambda: steer.set_request(scene.path, scene.number, draft=False),
        lambda: steer.resolve(scene.path, scene.number),
        lambda: steer.review(scene.path, scene.number),
        *(
            partial(steer.set_pipeline, scene.path, word, number=scene.number)
            for word in ("running", "failed", "success")
        ),
    )
    for step in steps:
        seen.append(scene.call("GET", scene.gitlab).json()["detailed_merge_status"])
        step()

    words = [
        "draft_status",
        "discussions_not_resolved",
        "not_approved",
        "ci_must_pass",
        "ci_still_running",
        "ci_must_pass",
    ]
    assert words == seen
    assert 200 == scene.call("PUT", f"{scene.gitlab}/merge").status_code


def test_mergeability_is_not_known_at_once(scene: Scene) -> None:
    """After a push the next reads say unknown or checking, as long as the project's lag wants it."""
    scene.forge.steer.set_lag(scene.path, 2)
    scene.forge.steer.push(scene.path, "feature", {"more.txt": "more\n"})
    first, second = scene.call("GET", scene.github).json(), scene.call("GET", scene.gitlab).json()
    third = scene.call("GET", scene.github).json()

    assert (None, "unknown") == (first["mergeable"], first["mergeable_state"])
    assert "checking" == second["detailed_merge_status"]
    assert (True, "clean") == (third["mergeable"], third["mergeable_state"])


def test_a_push_of_the_head_into_the_base_merges_the_request(scene: Scene) -> None:
    """Somebody merged on his own machine and pushed."""
    git = repository(scene)
    before = git.branches()
    git.move_branch("main", scene.sha, before["main"])
    scene.forge.world.notice_pushes(scene.forge.world.projects[scene.path], before, "person")

    assert "merged" == scene.state()["state"]


def test_a_value_that_no_schema_knows_can_be_forced(scene: Scene) -> None:
    """All dialects say it, GraphQL too."""
    scene.forge.steer.set_request(scene.path, scene.number, forced_state="quarantined")
    query = 'query { repository(owner: "acme", name: "widgets") { pullRequest(number: 1) { mergeStateStatus } } }'

    assert "quarantined" == scene.call("GET", scene.github).json()["mergeable_state"]
    assert "quarantined" == scene.call("GET", scene.gitlab).json()["detailed_merge_status"]
    assert "QUARANTINED" == scene.ask(query)["data"]["repository"]["pullRequest"]["mergeStateStatus"]


def test_a_push_can_dismiss_approvals(scene: Scene) -> None:
    """With that rule an approval is of what was seen."""
    scene.forge.steer.set_rules(scene.path, required_approvals=1, push_dismisses=True)
    scene.forge.steer.review(scene.path, scene.number)
    before = scene.call("GET", scene.github).json()["mergeable_state"]
    scene.forge.steer.push(scene.path, "feature", {"more.txt": "more\n"})

    assert ["clean", "blocked"] == [before, scene.call("GET", scene.github).json()["mergeable_state"]]


def test_of_two_merges_at_once_one_wins(scene: Scene) -> None:
    """The other is 405: it is merged already."""
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda _: scene.call("PUT", f"{scene.github}/merge").status_code, range(4)))

    assert [200, 405, 405, 405] == sorted(statuses)
    assert 2 == repository(scene).count(scene.sha + "~1", "main")


def test_a_head_that_is_gone_closes_the_request(scene: Scene) -> None:
    """As GitHub does."""
    scene.forge.steer.delete_branch(scene.path, "feature")

    assert ("closed", scene.sha) == (scene.state()["state"], scene.call("GET", scene.github).json()["head"]["sha"])
