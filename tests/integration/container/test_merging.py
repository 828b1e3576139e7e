"""Every outcome of a platform merge, on real repositories."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from gastown.container.gates import Gates
from gastown.container.merging import Merging
from gastown.container.outcomes import MergeOutcome
from gastown.container.payloads import GitCredentials, MergePayload
from gastown.container.places import Places
from gastown.container.repositories import Repositories
from gastown.domain.merge_status import MergeStatus
from tests.integration.container.remote import Bare, git


async def no_credentials(_failed: GitCredentials | None) -> GitCredentials | None:
    """A rig that needs none."""
    return None


@pytest.fixture
def merging(tmp_path: Path) -> Merging:
    """The merge of a container with a workspace of its own."""
    repositories = Repositories(places=Places(workspace=tmp_path / "workspace"), account=None)
    return Merging(repositories=repositories, gates=Gates(home=tmp_path))


def merge(merging: Merging, order: MergePayload) -> MergeOutcome:
    """Carry one attempt out."""
    return asyncio.run(merging.merge(order, no_credentials))


def leftovers(tmp_path: Path) -> list[Path]:
    """What merges left in their temporary folder."""
    return list((tmp_path / "workspace" / "rigs" / "rig-1" / "merge-tmp").iterdir())


def test_an_approved_sha_is_merged(merging: Merging, bare: Bare, tmp_path: Path) -> None:
    """The target gets a merge commit of exactly that sha, with the agent as author, and nothing is left behind."""
    sha = bare.push("gt/a/1", "a.txt", "a\n")
    author = {"name": "Toast (gastown)", "email": "toast@gastown.local"}

    outcome = merge(merging, bare.order("gt/a/1", sha, gates=["test -f a.txt"], author=author, message="Merge it"))

    assert outcome.status is MergeStatus.MERGED
    assert outcome.commit_sha == bare.head("main")
    assert outcome.tree == git("rev-parse", "main^{tree}", at=bare.path)
    assert git("log", "-1", "--format=%an|%ce|%s|%P", "main", at=bare.path).startswith(
        "Toast (gastown)|toast@gastown.local|Merge it|"
    )
    assert git("rev-parse", "main^2", at=bare.path) == sha
    assert [gate.exit_code for gate in outcome.gates] == [0]
    assert leftovers(tmp_path) == []


def test_a_merge_told_twice_is_already_merged(merging: Merging, bare: Bare) -> None:
    """The second attempt names the first one's commit, even though the branch is gone since."""
    sha = bare.push("gt/a/1", "a.txt", "a\n")
    first = merge(merging, bare.order("gt/a/1", sha))
    git("push", "--quiet", "origin", ":gt/a/1", at=bare.clone)
    bare.push("main", "later.txt", "later\n", start="origin/main")

    second = merge(merging, bare.order("gt/a/1", sha, attempt=2))

    assert (second.status, second.commit_sha, second.tree) == (
        MergeStatus.ALREADY_MERGED,
        first.commit_sha,
        first.tree,
    )


def test_a_branch_that_moved_is_not_merged(merging: Merging, bare: Bare) -> None:
    """The outcome names the new head, and the target stays."""
    sha = bare.push("gt/a/1", "a.txt", "a\n")
    newer = bare.push("gt/a/1", "b.txt", "b\n", start="origin/gt/a/1")
    before = bare.head("main")

    outcome = merge(merging, bare.order("gt/a/1", sha))

    assert (outcome.status, outcome.head) == (MergeStatus.MOVED, newer)
    assert bare.head("main") == before


def test_a_conflict_names_its_files(merging: Merging, bare: Bare, tmp_path: Path) -> None:
    """Two versions of one file end as a conflict, without a trace."""
    sha = bare.push("gt/a/1", "README", "theirs\n")
    before = bare.push("main", "README", "ours\n")

    outcome = merge(merging, bare.order("gt/a/1", sha))

    assert (outcome.status, outcome.message) == (MergeStatus.CONFLICT, "conflicts in: README")
    assert bare.head("main") == before
    assert leftovers(tmp_path) == []


def test_a_red_gate_stops_the_merge(merging: Merging, bare: Bare) -> None:
    """Gates run on the merged tree, up to the first red one, whose output is kept."""
    sha = bare.push("gt/a/1", "a.txt", "a\n")
    bare.push("main", "on-main.txt", "x\n")
    gates = ["test -f a.txt && test -f on-main.txt", "echo two is red; exit 3", "echo never"]

    outcome = merge(merging, bare.order("gt/a/1", sha, gates=gates))

    assert outcome.status is MergeStatus.GATE_FAILED
    assert [(g.exit_code, g.output) for g in outcome.gates] == [(0, ""), (3, "two is red\n")]
    assert bare.head("gt/a/1") == sha


def test_a_gate_over_its_limit_is_killed_with_all_it_started(merging: Merging, bare: Bare, tmp_path: Path) -> None:
    """The whole process group ends at the limit."""
    sha = bare.push("gt/a/1", "a.txt", "a\n")
    trace = tmp_path / "trace"
    began = time.monotonic()

    outcome = merge(
        merging, bare.order("gt/a/1", sha, gates=[f"(sleep 3; touch {trace}) & sleep 30"], gate_timeout_s=0.5)
    )

    assert (outcome.status, outcome.gates[0].exit_code) == (MergeStatus.GATE_FAILED, 124)
    assert "killed after 0.5 s" in outcome.gates[0].output
    assert time.monotonic() - began < 10
    time.sleep(3)
    assert not trace.exists()


def test_a_lost_race_is_told_apart(merging: Merging, bare: Bare) -> None:
    """Somebody pushes to the target while the gates run: the lease is lost, their push stays."""
    sha = bare.push("gt/a/1", "a.txt", "a\n")
    race = (
        f"git clone -q {bare.path} race && cd race && git -c user.name=B -c user.email=b@b commit -q --allow-empty "
        "-m race && git push -q origin HEAD:main"
    )

    outcome = merge(merging, bare.order("gt/a/1", sha, gates=[race]))

    assert outcome.status is MergeStatus.PUSH_LOST
    assert git("log", "-1", "--format=%s", "main", at=bare.path) == "race"


@pytest.mark.parametrize("changes", [{"git_url": "/nowhere/at/all.git"}, {"git_url": "http://127.0.0.1:9/x.git"}])
def test_a_repository_out_of_reach_is_unavailable(merging: Merging, bare: Bare, changes: dict[str, Any]) -> None:
    """Whatever keeps the remote away, the outcome is a value."""
    rig = bare.rig.model_dump() | changes

    outcome = merge(merging, bare.order("gt/a/1", "a" * 40, rig=rig))

    assert outcome.status is MergeStatus.UNAVAILABLE


def test_a_hook_that_declines_is_unavailable(merging: Merging, bare: Bare) -> None:
    """A protected target is no lost race; the remote's words are kept."""
    sha = bare.push("gt/a/1", "a.txt", "a\n")
    hook = bare.path / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho protected branch; exit 1\n")
    hook.chmod(0o755)

    outcome = merge(merging, bare.order("gt/a/1", sha))

    assert outcome.status is MergeStatus.UNAVAILABLE
    assert "protected branch" in outcome.message


def test_a_missing_target_is_made_from_the_base(merging: Merging, bare: Bare) -> None:
    """A convoy's feature branch begins with its first merge."""
    sha = bare.push("gt/a/1", "a.txt", "a\n")

    outcome = merge(merging, bare.order("gt/a/1", sha, target_branch="convoy/x/head"))

    assert outcome.status is MergeStatus.MERGED
    assert bare.head("convoy/x/head") == outcome.commit_sha
    assert bare.show("convoy/x/head", "README") == "hello"


def test_two_merges_of_one_rig_land_both(merging: Merging, bare: Bare) -> None:
    """Started together they take turns, so neither loses a race nor overwrites the other."""
    one, two = bare.push("gt/a/1", "a.txt", "a\n"), bare.push("gt/b/1", "b.txt", "b\n")

    async def both() -> list[MergeOutcome]:
        orders = (bare.order("gt/a/1", one), bare.order("gt/b/1", two, review_id="review-2"))
        return list(await asyncio.gather(*(merging.merge(order, no_credentials) for order in orders)))

    outcomes = asyncio.run(both())
    assert {o.status for o in outcomes} == {MergeStatus.MERGED}
    assert bare.show("main", "a.txt") + bare.show("main", "b.txt") == "ab"
