"""What a container may use to work: an agent's token and the Git credentials of its rig, resolved at that moment.

Git credentials lie in the town's own secret, `{"git": {"<host>": {"username", "password"}}, "env": {...}}`; they are
handed out only for the host of the rig that asks, and never stored anywhere else.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gastown.domain.errors import Conflict, NotFound, StaleDispatch, Unavailable
from gastown.domain.mayor import Mayor
from gastown.domain.rig import Rig
from gastown.domain.town import Town
from gastown.ports.secrets import Secrets
from gastown.usecases import tokens
from gastown.usecases.agents import current_run
from gastown.usecases.containers import check_current
from gastown.usecases.tokens import ContainerClaims
from gastown.usecases.unit_of_work import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class Vault:
    """Where credentials come from: the secrets port, the signing secret's id and the prefix of towns' own secrets."""

    secrets: Secrets
    signing_secret: str
    town_prefix: str


def for_agent(work: UnitOfWork, vault: Vault, claims: ContainerClaims, agent_id: str, dispatch: int) -> dict[str, Any]:
    """What one run of an agent needs. Raises `StaleDispatch` or `Conflict` when that run is not under way."""
    town = work.read(claims.town_id)
    check_current(town, claims)
    own, signing = town_secret(vault, town.id), vault.secrets.get(vault.signing_secret)
    env = {**town.config.env_vars, **_texts(own.get("env"))}
    if town.mayor is not None and town.mayor.id == agent_id:
        check_session(town.mayor, dispatch)
        return {"agent_token": tokens.mint_mayor(signing, town.mayor, town_id=town.id, now=work.now()), "env": env}
    current_run(town, agent_id, dispatch)
    agent = town.agent(agent_id)
    token = tokens.mint_agent(signing, agent, town_id=town.id, dispatch=dispatch, now=work.now())
    return {"agent_token": token, "git": _git(own, town.rig(agent.rig_id)), "env": env}


def check_session(mayor: Mayor, dispatch: int) -> None:
    """Refuse another session than the present one. Raises `StaleDispatch`, `Unavailable` (not visible yet)."""
    if dispatch > mayor.dispatch:
        raise Unavailable("This session is not visible yet", retry_after=1)
    if dispatch < mayor.dispatch or mayor.open_session is None:
        raise StaleDispatch(f"stale dispatch: {dispatch} is not the mayor's present session")


def model_access(vault: Vault, town: Town) -> dict[str, str]:
    """What the mayor's model and tools need, from the town's own secret: `model_token`, `github_cli_pat`, Git."""
    own = town_secret(vault, town.id)
    known = {name: str(own[name]) for name in ("model_token", "github_cli_pat") if own.get(name)}
    git = own.get("git")
    github = git.get("github.com") if isinstance(git, dict) else None
    return (
        {**known, "github_token": str(github["password"])}
        if isinstance(github, dict) and github.get("password")
        else known
    )


def for_rig(work: UnitOfWork, vault: Vault, claims: ContainerClaims, rig_id: str) -> dict[str, Any]:
    """The Git credentials of one rig's host, or none. Raises `NotFound`, `StaleDispatch`."""
    town = work.read(claims.town_id)
    check_current(town, claims)
    return {"git": _git(town_secret(vault, town.id), town.rig(rig_id))}


def host_of(git_url: str) -> str | None:
    """The host (with its port, if it has one) that a Git URL names; none for a path on disk."""
    if "://" in git_url:
        return urlsplit(git_url).netloc.rpartition("@")[2].lower() or None
    before, colon, _ = git_url.partition(":")
    return before.rpartition("@")[2].lower() if colon and "/" not in before else None


def _git(own: Mapping[str, Any], rig: Rig) -> dict[str, str] | None:
    host = host_of(rig.git_url)
    known = own.get("git")
    found = known.get(host) if host and isinstance(known, dict) else None
    if not isinstance(found, dict) or not found.get("password"):
        return None
    return {"username": str(found.get("username") or "x-access-token"), "password": str(found["password"])}


def town_secret(vault: Vault, town_id: str) -> dict[str, Any]:
    """All that a town keeps secret; empty if it has no secret. Raises `Conflict` when it is no JSON object."""
    try:
        value = json.loads(vault.secrets.get(f"{vault.town_prefix}{town_id}")[0])
    except NotFound:  # a town without credentials works on public repositories
        return {}
    except ValueError:  # its text stays out of the error: it may hold a password
        value = None
    if not isinstance(value, dict):
        raise Conflict("The town's credentials are not a JSON object")
    return value


def _texts(value: object) -> dict[str, str]:
    return {str(name): str(text) for name, text in value.items()} if isinstance(value, dict) else {}
