"""The configured instance, and who is not it."""

import pytest

from gastown.adapters.gitlab.git_host import GitLabHost
from gastown.adapters.gitlab.instance import mismatch, parse_instance_url, project_path
from gastown.domain.errors import Invalid
from gastown.domain.pull import HostMismatch, Provider, PullOrder, PullRef, Repository
from tests.support.fakes.clock import FixedClock
from tests.support.scripted_gitlab import HEAD, ScriptedGitLab, a_merge_request

OURS = "https://git.example.com:8443"
ORDER = PullOrder(head="work", base="main", title="Title", body="")


def at_host(host: str, provider: Provider = Provider.GITLAB) -> Repository:
    """A repository that says it is at this host."""
    return Repository(provider=provider, host=host, owner="group", name="project")


@pytest.mark.parametrize(
    ("url", "host", "api"),
    [
        ("https://gitlab.com", "gitlab.com", "https://gitlab.com/api/v4"),
        ("https://GitLab.Example.COM/", "gitlab.example.com", "https://gitlab.example.com/api/v4"),
        (OURS, "git.example.com", "https://git.example.com:8443/api/v4"),
        ("https://example.com/tools/gitlab/", "example.com", "https://example.com/tools/gitlab/api/v4"),
        ("http://127.0.0.1:5000", "127.0.0.1", "http://127.0.0.1:5000/api/v4"),
    ],
)
def test_an_instance_is_a_host_and_where_its_api_begins(url: str, host: str, api: str) -> None:
    """Upper case, ports and a relative URL root are read as they are meant."""
    instance = parse_instance_url(url)

    assert (host, api) == (instance.host, instance.api)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "gitlab.com",
        "gitlab.com/group",
        "https://",
        "https://:443",
        "ftp://gitlab.com",
        "http://gitlab.example.com",
        "javascript:alert(1)",
        "https://user:secret@gitlab.com",
        "https://gitlab.com@evil.example",
        "https://gitlab.com:port",
        "https://gitlab.com:99999",
        "https://gitlab.com?x=1",
        "https://gitlab.com/#x",
        "https://gitlab.com/../evil",
        "https://gitlab.com/%2e%2e",
        "https://git lab.com",
        "https://gitlab.com\\@evil.example",
        "https://gitlab.com\n",
        "https://[::1",
        "https://[::1]:8443",
        "http://10.0.0.7",
        "https://gitlab.com.",
    ],
)
def test_an_address_that_is_no_instance_is_a_configuration_error(url: str) -> None:
    """It names its field, when the adapter is made and not in the middle of a poll (REQ-5.16)."""
    with pytest.raises(Invalid) as refusal:
        GitLabHost(clock=FixedClock(), instance_url=url)

    assert "gitlab_instance_url" == refusal.value.field
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("host", ["git.example.com", "GIT.Example.com", "git.example.com:443", "git.example.com:9"])
def test_a_host_is_compared_whole_and_without_case_and_port(host: str) -> None:
    """The port that is used is the instance's own."""
    assert mismatch(parse_instance_url(OURS), at_host(host)) is None


TRICKS = [
    "gitlab.com",
    "evil.example",
    "git.example.com.evil.example",
    "evil-git.example.com",
    "sub.git.example.com",
    "example.com",
    "git.example.com@evil.example",
    "git.example.com:443@evil.example",
    "evil.example:8443",
    "git.example.com/",
    "git.example.com#evil.example",
    "git.example.com\n",
    "git.example.com.",
    " git.example.com",
    "",
]


@pytest.mark.parametrize("host", TRICKS)
def test_another_host_is_refused_before_any_request(host: str) -> None:
    """By every method of the port; both hosts are named (REQ-5.11)."""
    gitlab = ScriptedGitLab()
    adapter, access, repository = gitlab.host(OURS), gitlab.access, at_host(host)
    pull = PullRef(repository=repository, number=7, url="https://git.example.com/group/project/-/merge_requests/7")
    refused = HostMismatch(provider=Provider.GITLAB, expected="git.example.com", got=host)

    assert [refused] * 5 == [
        adapter.pull_state(pull, access),
        adapter.feedback(pull, HEAD, access),
        adapter.merge(pull, HEAD, "Title", access),
        adapter.open_pull(repository, ORDER, access),
        adapter.make_branch(repository, "work", "main", access),
    ]
    assert [] == gitlab.requests


def test_a_repository_of_another_provider_is_refused() -> None:
    """Whatever its host is called."""
    assert mismatch(parse_instance_url(OURS), at_host("git.example.com", Provider.GITHUB)) is not None


def test_the_port_is_the_instances_own() -> None:
    """A port in a merge request's address leads nowhere else."""
    gitlab = ScriptedGitLab()
    gitlab.says("GET", f"{OURS}/api/v4/projects/group%2Fproject/merge_requests/7", a_merge_request())
    pull = PullRef(repository=at_host("git.example.com:9"), number=7, url="https://git.example.com:9/")

    gitlab.host(OURS).pull_state(pull, gitlab.access)

    assert ["git.example.com:8443"] == [request.headers["host"] for request in gitlab.requests]


def test_groups_and_dots_are_one_segment() -> None:
    """GitLab would take a bare slash for another address."""
    repository = Repository(provider=Provider.GITLAB, host="gitlab.com", owner="a/b/c", name="my.site.io")

    assert "/projects/a%2Fb%2Fc%2Fmy.site.io" == project_path(repository)
