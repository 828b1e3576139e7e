"""Which repository or request an address means, and which addresses mean none."""

import pytest

from gastown.domain.addresses import Hosts, host_of_instance, parse_git_url, parse_pull_url, shown
from gastown.domain.pull import HostMismatch, Provider, PullRef, Repository, UnrecognizedUrl

OURS = Hosts(gitlab="git.acme.example")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://github.com/acme/widgets", "acme/widgets"),
        ("https://github.com/acme/widgets.git", "acme/widgets"),
        ("https://GitHub.com/acme/widgets.git/", "acme/widgets"),
        ("https://user:secret@github.com/acme/widgets.git", "acme/widgets"),
        ("git@github.com:acme/repo.with.dots.git", "acme/repo.with.dots"),
        ("ssh://git@github.com/acme/widgets.git", "acme/widgets"),
        ("ssh://git@github.com:22/acme/widgets", "acme/widgets"),
    ],
)
def test_a_remote_of_github_is_its_first_two_names(url: str, path: str) -> None:
    """REQ-4.10: names with dots and the ssh form, too."""
    repository = parse_git_url(url, OURS)

    assert isinstance(repository, Repository)
    assert (Provider.GITHUB, path) == (repository.provider, repository.path)


@pytest.mark.parametrize(
    "url", ["https://git.acme.example/group/sub/widgets.git", "git@git.acme.example:group/sub/widgets.git"]
)
def test_a_remote_of_gitlab_may_lie_in_subgroups(url: str) -> None:
    """The last name is the project."""
    repository = parse_git_url(url, OURS)

    assert isinstance(repository, Repository)
    assert (Provider.GITLAB, "group/sub", "widgets") == (repository.provider, repository.owner, repository.name)


@pytest.mark.parametrize(
    "url",
    [
        "/srv/repo.git",
        "file:///srv/repo.git",
        "https://github.com/acme",
        "https://github.com.evil.example/acme/widgets",
        "https://github.com@evil.example/acme/widgets",
        "https://evil.example/acme/widgets",
        "https://gitlab.com/acme/widgets",
        "https://github.com/acme/..",
        "https://[broken/acme/widgets",
        "https://github.com:port/acme/widgets",
        "https://github.com\\@evil.example/acme/widgets",
    ],
)
def test_anything_else_is_no_repository_of_ours(url: str) -> None:
    """Other hosts, tricks with user names, paths on disk; gitlab.com is not ours when another GitLab is configured."""
    assert isinstance(parse_git_url(url, OURS), UnrecognizedUrl)


def test_a_pull_request_is_read_whatever_follows_its_number() -> None:
    """As people copy it from their browser."""
    pull = parse_pull_url("https://github.com/acme/widgets/pull/42/files?w=1#diff", OURS)

    assert isinstance(pull, PullRef)
    assert ("acme/widgets", 42) == (pull.repository.path, pull.number)


def test_a_merge_request_is_read_with_its_groups() -> None:
    """On the configured instance, with its port or without."""
    for host in ("git.acme.example", "GIT.acme.example:8443"):
        pull = parse_pull_url(f"https://{host}/group/sub/widgets/-/merge_requests/7", OURS)
        assert isinstance(pull, PullRef)
        assert (Provider.GITLAB, "group/sub/widgets", 7) == (
            pull.repository.provider, pull.repository.path, pull.number
        )  # fmt: skip


@pytest.mark.parametrize("host", ["gitlab.com", "git.acme.example.evil.example", "evil.example"])
def test_a_merge_request_of_another_host_names_both(host: str) -> None:
    """Nothing is sent there (REQ-5.1)."""
    refusal = parse_pull_url(f"https://{host}/group/widgets/-/merge_requests/7", OURS)

    assert HostMismatch(provider=Provider.GITLAB, expected="git.acme.example", got=host) == refusal


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/acme/widgets/pull/42",
        "https://evil.example/acme/widgets/pull/42",
        "https://github.com@evil.example/acme/widgets/pull/42",
        "https://me@github.com/acme/widgets/pull/42",
        "https://git.acme.example@evil.example/a/b/-/merge_requests/7x",
        "https://github.com/acme/widgets/issues/42",
        "https://github.com/acme/widgets/pull/new",
        "https://github.com/acme/../pull/42",
        "not an address",
        "",
    ],
)
def test_anything_else_is_no_request(url: str) -> None:
    """Plain http only where a stage says so."""
    assert isinstance(parse_pull_url(url, OURS), UnrecognizedUrl | HostMismatch)


def test_plain_http_is_for_stages_on_one_machine() -> None:
    """Where the configured host is a test's own."""
    local = Hosts(github="127.0.0.1", plain=True)
    assert isinstance(parse_pull_url("http://127.0.0.1:8080/acme/widgets/pull/1", local), PullRef)


def test_what_stands_before_a_host_is_never_shown() -> None:
    """It may be a password."""
    assert "https://github.com/x" == shown("https://user:secret@github.com/x")
    refusal = parse_git_url("https://user:secret@evil.example/acme/widgets", OURS)
    assert isinstance(refusal, UnrecognizedUrl)
    assert "secret" not in refusal.url


def test_the_instance_is_gitlab_com_unless_configured() -> None:
    """By its bare name."""
    assert "gitlab.com" == host_of_instance(None)
    assert "git.acme.example" == host_of_instance("https://GIT.acme.example:8443/gitlab")
    assert "" == host_of_instance("https://[::1")
