"""What a container may use to work: an agent's token and the Git credentials of its rig, resolved at that moment.

GitHub and the town's GitLab are asked for by `git_tokens.resolve`; any other host has a user name and password of its
own in the town's secret, handed out only for the host of the rig that asks. One resolution serves a whole dispatch
(REQ-4.12): the same token goes to git and to the provider's own command line.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from gastown.domain.errors import NotFound, StaleDispatch, Unavailable
from gastown.domain.instances import parse_instance
from gastown.domain.mayor import Mayor
from gastown.domain.pull import NoToken, Provider
from gastown.domain.refusal_words import explain_refusal
from gastown.domain.rig import Rig
from gastown.domain.town import Town
from gastown.ports.installation_tokens import AppKind
from gastown.usecases import tokens
from gastown.usecases.agents import current_run
from gastown.usecases.commands import iso
from gastown.usecases.containers import check_current
from gastown.usecases.git_tokens import GITLAB_OAUTH, GitToken, TokenUnavailable, resolve
from gastown.usecases.tokens import ContainerClaims
from gastown.usecases.town_secrets import MODEL_URL
from gastown.usecases.unit_of_work import UnitOfWork
from gastown.usecases.vault import TownSecret, Vault

MODEL_TOKEN = "kilocode_token"  # noqa: S105 - its name in the town's secret
GITHUB_TOOL = "GH_TOKEN"
GITLAB_TOOL, GITLAB_PLACE, GITLAB_BEARER = "GITLAB_TOKEN", "GITLAB_HOST", "GLAB_IS_OAUTH2"
"""Variables that the providers' command lines read."""


@dataclass(frozen=True, kw_only=True)
class Renewal:
    """A container asks once more for a rig's token; `failed` is the fingerprint of the one that was refused."""

    rig_id: str
    failed: str = ""


def for_agent(work: UnitOfWork, vault: Vault, claims: ContainerClaims, agent_id: str, dispatch: int) -> dict[str, Any]:
    """What one run of an agent needs. Raises `StaleDispatch` or `Conflict` when that run is not under way."""
    town = work.read(claims.town_id)
    check_current(town, claims)
    if town.mayor is not None and town.mayor.id == agent_id:
        check_session(town.mayor, dispatch)
        signing = vault.secrets.get(vault.signing_secret)
        token = tokens.mint_mayor(signing, town.mayor, town_id=town.id, now=work.now())
        return {"agent_token": token, **for_mayor(vault, town).show()}
    current_run(town, agent_id, dispatch)
    agent, secret = town.agent(agent_id), vault.town_secret(town.id, fresh=True)
    rig, signing = town.rig(agent.rig_id), vault.secrets.get(vault.signing_secret)
    found = _find(vault, town, rig, secret)
    return {
        "agent_token": tokens.mint_agent(signing, agent, town_id=town.id, dispatch=dispatch, now=work.now()),
        "git": _show(found),
        "tools": _tools(town, found),
        "env": environment(town, secret),
        "model": model_access(town, secret),
    }


def check_session(mayor: Mayor, dispatch: int) -> None:
    """Refuse another session than the present one. Raises `StaleDispatch`, `Unavailable` (not visible yet)."""
    if dispatch > mayor.dispatch:
        raise Unavailable("This session is not visible yet", retry_after=1)
    if dispatch < mayor.dispatch or mayor.open_session is None:
        raise StaleDispatch(f"stale dispatch: {dispatch} is not the mayor's present session")


def environment(town: Town, secret: TownSecret) -> dict[str, str]:
    """The town's own variables: its secret's, and those that older versions kept in the settings."""
    return {**town.config.env_vars, **secret.env}


def model_access(town: Town, secret: TownSecret) -> dict[str, str | None] | None:
    """What the town's models are paid with, if a token is stored; the organisation is told, or told to be none."""
    token = secret.text(MODEL_TOKEN)
    url = secret.text(MODEL_URL) or None
    return {"token": token, "url": url, "organization_id": town.organization_id} if token else None


@dataclass(frozen=True, kw_only=True)
class MayorAccess:
    """What the mayor may use: the same for its start and for warming it up before (REQ-1.12, 6.7); never shown."""

    model: dict[str, str | None] | None = field(repr=False)
    cli_pat: str = field(repr=False)
    found: GitToken | None = field(repr=False)
    repository: str
    """Where that token may be shown: the Git URL of the rig that it is for."""
    tools: dict[str, str] = field(repr=False)
    env: dict[str, str] = field(repr=False)

    def show(self) -> dict[str, Any]:
        """As the container of a session gets it."""
        git = _show(self.found)
        named = {**git, "repository": self.repository} if git else None
        return {"git": named, "tools": self.tools, "env": self.env, "model": self.model}


def for_mayor(vault: Vault, town: Town) -> MayorAccess:
    """What its model, its tools and its reading of repositories need, resolved now.

    The mayor has no rig; its Git token, which only reads, is that of the town's first rig at GitHub, else at GitLab.
    """
    secret = vault.town_secret(town.id, fresh=True)
    found, repository = _find_mayors(vault, town, secret)
    return MayorAccess(
        model=model_access(town, secret),
        cli_pat=secret.text("github_cli_pat"),
        found=found,
        repository=repository,
        tools=_tools(town, found),
        env=environment(town, secret),
    )


def _find_mayors(vault: Vault, town: Town, secret: TownSecret) -> tuple[GitToken | None, str]:
    known = [(vault.repository(town, rig), rig) for _, rig in sorted(town.rigs.items())]
    at_providers = [(repository.provider, rig) for repository, rig in known if repository is not None]
    for _, rig in sorted(at_providers, key=lambda pair: pair[0] is not Provider.GITHUB)[:1]:
        with suppress(TokenUnavailable):  # the mayor thinks without it too
            token = resolve(vault, town, rig, secret=secret, kind=AppKind.LITE)
            return token if isinstance(token, GitToken) else None, rig.git_url
    return None, ""


def for_rig(work: UnitOfWork, vault: Vault, claims: ContainerClaims, rig_id: str) -> dict[str, Any]:
    """The Git credentials of one rig's host, or none. Raises `NotFound`, `StaleDispatch`."""
    town = work.read(claims.town_id)
    check_current(town, claims)
    rig = town.rig(rig_id)
    return {"git": _show(_find(vault, town, rig, vault.town_secret(town.id, fresh=True)))}


def renew(work: UnitOfWork, vault: Vault, claims: ContainerClaims, renewal: Renewal) -> dict[str, Any]:
    """A token for the rig's own repository that was not handed out before, by its own integration (REQ-4.9, 4.10).

    Raises `NotFound` for an unknown rig and when there is no token, `StaleDispatch`, `Unavailable`.
    """
    town = work.read(claims.town_id)
    check_current(town, claims)
    rig = town.rig(renewal.rig_id)
    if vault.repository(town, rig) is None:
        login = vault.town_secret(town.id, fresh=True).login(host_of(rig.git_url))
        if login is None:
            raise NotFound("There are no credentials for the host of this rig")
        return {"token": login[1], "username": login[0], "source": "town.git", "expires_at": None}
    token = resolve(vault, town, rig, fresh=True, failed=renewal.failed)
    if isinstance(token, NoToken):
        raise NotFound(explain_refusal(token))
    return {
        "token": token.value,
        "username": token.username,
        "source": token.source,
        "expires_at": _iso(token.expires_at),
    }


def host_of(git_url: str) -> str | None:
    """The host (with its port, if it has one) that a Git URL names; none for a path on disk."""
    if "://" in git_url:
        return urlsplit(git_url).netloc.rpartition("@")[2].lower() or None
    before, colon, _ = git_url.partition(":")
    return before.rpartition("@")[2].lower() if colon and "/" not in before else None


def _find(vault: Vault, town: Town, rig: Rig, secret: TownSecret) -> GitToken | tuple[str, str] | None:
    """The rig's token, or its host's user name and password, or nothing."""
    if vault.repository(town, rig) is None:
        return secret.login(host_of(rig.git_url))
    token = resolve(vault, town, rig, secret=secret)
    return token if isinstance(token, GitToken) else None


def _show(found: GitToken | tuple[str, str] | None) -> dict[str, Any] | None:
    match found:
        case None:
            return None
        case GitToken():
            times = {"expires_at": _iso(found.expires_at)} if found.expires_at else {}
            return {"username": found.username, "password": found.value, "source": found.source} | times
        case (username, password):
            return {"username": username, "password": password}


def _tools(town: Town, found: GitToken | tuple[str, str] | None) -> dict[str, str]:
    """What the provider's own command line is signed in with: the token of this one resolution (REQ-6.8)."""
    if not isinstance(found, GitToken):
        return {}
    if found.provider is Provider.GITHUB:
        return {GITHUB_TOOL: found.value}
    place = parse_instance(town.config.git_auth.gitlab_instance_url)
    # Without this `glab` sends every token as a personal one, which GitLab refuses for one of OAuth.
    bearer = {GITLAB_BEARER: "true"} if found.source == GITLAB_OAUTH else {}
    return {GITLAB_TOOL: found.value, GITLAB_PLACE: place, **bearer}


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
