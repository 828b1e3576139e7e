"""Whom the adapter talks to, and as whom."""

import subprocess
import sys
from dataclasses import replace

import pytest

from gastown.domain.pull import HostMismatch, Provider, PullState, UnrecognizedUrl
from tests.unit.adapters.scripted import BASE, HEAD, PULL, TOKEN, Script, access, answer, pull_body


def test_the_version_of_the_api_is_pinned() -> None:
    """And the token is a bearer's."""
    script = Script()
    script.on("GET", f"{BASE}/pulls/7", answer(body=pull_body()))
    script.github().pull_state(PULL, access())

    (request,) = script.requests
    assert "https://api.github.com/repos/acme/widgets.js/pulls/7" == str(request.url)
    assert ("2022-11-28", "gastown-aws", f"Bearer {TOKEN}") == tuple(
        request.headers[name] for name in ("x-github-api-version", "user-agent", "authorization")
    )
    assert request.headers["accept"].startswith("application/vnd.github+json")


@pytest.mark.parametrize("api_url", ["https://git.example.com/api/v3", "https://git.example.com/api/v3/"])
def test_an_own_server_has_its_apis_below_its_host(api_url: str) -> None:
    """REST below /api/v3, GraphQL beside it."""
    script = Script()
    script.on("GET", f"/api/v3{BASE}/pulls/7", answer(body=pull_body()))
    script.on("POST", "/api/graphql", answer(401))
    github = script.github(api_url=api_url, web_host="git.example.com")
    pull = replace(PULL, repository=replace(PULL.repository, host="GIT.example.com"))

    assert isinstance(github.pull_state(pull, access()), PullState)
    github.feedback(pull, HEAD, access())
    assert {"git.example.com"} == {request.url.host for request in script.requests}


@pytest.mark.parametrize(
    "got",
    ["github.com.evil.example", "evil.example", "www.github.com", "github.com:8443", "github.com@evil.example", ""],
)
def test_another_host_hears_nothing(got: str) -> None:
    """The refusal names it, and the one that is configured."""
    script = Script()
    pull = replace(PULL, repository=replace(PULL.repository, host=got))

    expected = HostMismatch(provider=Provider.GITHUB, expected="github.com", got=got)
    assert expected == script.github().pull_state(pull, access())
    assert [] == script.requests


@pytest.mark.parametrize(("owner", "name"), [("..", "widgets"), ("acme", ".."), (".", "."), ("", "widgets")])
def test_dots_lead_to_no_other_part_of_the_api(owner: str, name: str) -> None:
    """A name of dots would be a step up in the address."""
    script = Script()
    pull = replace(PULL, repository=replace(PULL.repository, owner=owner, name=name))

    assert isinstance(script.github().pull_state(pull, access()), UnrecognizedUrl)
    assert [] == script.requests


def test_odd_characters_stay_within_their_part_of_the_address() -> None:
    """Slashes and question marks are quoted."""
    script = Script()
    pull = replace(PULL, repository=replace(PULL.repository, owner="a/b", name="c?d#e"))
    script.on("GET", "/repos/a%2Fb/c%3Fd%23e/pulls/7", answer(body=pull_body()))

    assert isinstance(script.github().pull_state(pull, access()), PullState)


def test_the_port_and_its_values_come_without_httpx() -> None:
    """A door that asks no provider does not pay for its import; the adapter is imported where it is made."""
    code = "import sys, gastown.ports.git_host, gastown.domain.pull; sys.exit('httpx' in sys.modules)"

    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode
