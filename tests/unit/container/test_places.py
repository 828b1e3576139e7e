"""Names that may be folders or branches, and URLs that may be remotes."""

from pathlib import Path

import pytest

from gastown.container.payloads import Cause
from gastown.container.places import Places, check_branch, check_name, check_url
from gastown.container.refusals import RefusedError


@pytest.mark.parametrize("name", ["main", "gt/toast/01900000", "convoy/a-title/0190/head", "feature_x.y"])
def test_branches_git_accepts(name: str) -> None:
    """Ordinary branch names pass unchanged."""
    assert check_branch(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "-f", "a..b", "../x", "a//b", "/a", "a/", "a b", "a\nb", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b", "a@{1}",
     "@", "a.lock", "a.lock/b", ".a", "a/.b", "a."],
)  # fmt: skip
def test_branches_that_are_refused(name: str) -> None:
    """What git forbids, what leads elsewhere and what looks like an option is invalid."""
    with pytest.raises(RefusedError) as caught:
        check_branch(name)

    assert caught.value.cause is Cause.INVALID


@pytest.mark.parametrize(
    "url", ["https://a.test/x.git", "http://a.test/x", "git@a.test:o/r.git", "file:///x.git", "/x.git"]
)
def test_urls_of_remotes(url: str) -> None:
    """Web, ssh and local remotes."""
    assert check_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "--upload-pack=x",
        "ext::sh -c x",
        "ssh://a/x",
        "x.git",
        "https://u:p@a.test/x",
        "https://t@a.test/x",
        "/a\nb",
    ],
)
def test_urls_that_are_refused(url: str) -> None:
    """Other transports, options, relative paths, and URLs that carry credentials."""
    with pytest.raises(RefusedError):
        check_url(url)


@pytest.mark.parametrize("name", ["", "..", "a/b", "a..b", "-a", "a\0", ".hidden"])
def test_ids_that_are_no_folder_names(name: str) -> None:
    """Nothing that leads out of its folder."""
    with pytest.raises(RefusedError):
        check_name(name, what="rig id")


def test_a_rig_that_is_a_link_elsewhere_is_refused(tmp_path: Path) -> None:
    """Symlinks are followed before the folder is trusted."""
    (tmp_path / "w" / "rigs").mkdir(parents=True)
    (tmp_path / "w" / "rigs" / "rig-1").symlink_to(tmp_path)

    with pytest.raises(RefusedError):
        Places(workspace=tmp_path / "w").rig("rig-1")


def test_a_branch_becomes_one_folder(tmp_path: Path) -> None:
    """Slashes become two underscores."""
    assert (
        Places(workspace=tmp_path).worktree("r", "gt/a/1")
        == tmp_path.resolve() / "rigs" / "r" / "worktrees" / "gt__a__1"
    )
