"""Which repository git may ask for, and whose pass is worth something."""

import pytest

from gastown.container.broker import LONGEST_PATH, covers, place_socket
from gastown.container.passes import Passes
from gastown.container.places import Places

URL = "https://git.test/acme/repo.git"


@pytest.mark.parametrize(
    "path",
    ["acme/repo.git", "acme/repo", "/acme/repo.git/", "acme/repo.git/info/lfs", "acme/repo/info/lfs"],
)
def test_the_rigs_own_repository_is_covered(path: str) -> None:
    """With and without its suffix, and its large files."""
    asked = {"protocol": "https", "host": "git.test", "path": path}

    assert covers(URL, asked)
    assert covers(URL.removesuffix(".git"), asked)
    assert covers(URL.replace("git.test", "GIT.test"), asked)


@pytest.mark.parametrize(
    "asked",
    [
        {"protocol": "https", "host": "git.test", "path": "acme/other.git"},
        {"protocol": "https", "host": "git.test", "path": "acme/repository"},
        {"protocol": "https", "host": "git.test", "path": "acme/repo/other"},
        {"protocol": "https", "host": "git.test", "path": "acme"},
        {"protocol": "https", "host": "git.test", "path": ""},
        {"protocol": "https", "host": "git.test"},
        {"protocol": "http", "host": "git.test", "path": "acme/repo.git"},
        {"protocol": "https", "host": "git.test:8443", "path": "acme/repo.git"},
        {"protocol": "https", "host": "git.test.evil.test", "path": "acme/repo.git"},
        {"protocol": "https", "host": "evil.test", "path": "acme/repo.git"},
        {},
    ],
    ids=str,
)
def test_nothing_else_is(asked: dict[str, str]) -> None:
    """Another repository, a neighbour with the same beginning, another scheme, port or host."""
    assert not covers(URL, asked)


def test_a_repository_without_a_host_needs_no_credentials() -> None:
    """A path or an SSH address has none to give."""
    asked = {"protocol": "https", "host": "git.test", "path": "acme/repo.git"}

    assert not covers("git@git.test:acme/repo.git", asked)
    assert not covers("/acme/repo.git", asked)


def test_a_pass_is_the_same_until_it_is_revoked_and_worth_nothing_after() -> None:
    """A process made ready early and the start that uses it agree; what is left of an ended run gets nothing."""
    passes = Passes()
    first = passes.admit("toast")

    assert (first, "toast") == (passes.admit("toast"), passes.holder(first))
    assert passes.holder(passes.admit("rye")) == "rye"
    passes.revoke("toast")
    passes.revoke("nobody")
    assert (None, None, None) == (passes.holder(first), passes.holder(""), passes.holder("toast"))
    assert first != passes.admit("toast")


def test_the_sockets_path_is_never_too_long_for_the_system(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A deep workspace has its socket elsewhere."""
    deep = tmp_path_factory.getbasetemp() / ("x" * LONGEST_PATH)

    assert len(str(place_socket(deep))) <= LONGEST_PATH
    assert str(place_socket(Places(workspace=deep.parents[len(deep.parents) - 2]).workspace)).endswith("broker/socket")
