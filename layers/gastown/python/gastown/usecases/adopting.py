"""Adopting a pull request: its address is checked against the rig, and its provider is asked, before any change."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gastown.domain.addresses import parse_git_url, parse_pull_url
from gastown.domain.adopting import BYPASSED, Adoption, adopt_request
from gastown.domain.errors import Conflict, Invalid, Unavailable
from gastown.domain.pull import HttpError, PullRef, PullState, Refusal, Repository
from gastown.domain.refusal_words import explain_refusal
from gastown.domain.review import Review
from gastown.domain.rig import Rig
from gastown.domain.town import Town
from gastown.usecases.git_hosts import GitHosts
from gastown.usecases.provider_calls import ask
from gastown.usecases.unit_of_work import UnitOfWork
from gastown.usecases.vault import Vault


@dataclass(frozen=True, kw_only=True)
class Providers:
    """Whom to ask about a request, and with what (`provider_calls.Providers`)."""

    uow: UnitOfWork
    hosts: GitHosts
    vault: Vault


@dataclass(frozen=True, kw_only=True)
class AdoptOrder:
    """What somebody asks for."""

    town_id: str
    rig_id: str
    pr_url: str
    title: str | None = None
    body: str | None = None
    force_push_allowed: bool = False


def adopt(
    providers: Providers,
    order: AdoptOrder,
    by: str,
    key: str | None,
    shown: Callable[[Review, str | None], dict[str, Any]],
) -> dict[str, Any]:
    """Adopt a request and answer what `shown` makes of its review and of a warning.

    Raises `Invalid` (another repository, no request), `Conflict` (over, a fork, no credential), `Unavailable`.
    """
    uow = providers.uow
    town = uow.read(order.town_id)
    rig = town.open_rig(order.rig_id)
    repository, pull = _addresses(providers, town, rig, order.pr_url)
    if not pull.repository.is_same(repository):
        raise Invalid(f"That is a request of {pull.repository.path}; the rig is {repository.path}", field="pr_url")
    state = _state(providers, town, rig, pull)
    asked = Adoption(
        rig_id=rig.id,
        pull=pull,
        state=state,
        title=order.title,
        text=order.body,
        force_push_allowed=order.force_push_allowed,
    )
    answer: list[dict[str, Any]] = []

    def stored(review: Review) -> dict[str, Any]:
        answer[:] = [shown(review, BYPASSED if town.rules_for(rig.id).code_review else None)]
        return {"status": 201, "data": answer[0]}

    review = uow.change(
        order.town_id,
        lambda fresh, moment: adopt_request(fresh, asked, by, moment),
        actor=by,
        cause="adopt request",
        key=key,
        answer=stored,
    )
    stored(review)
    return answer[0]


def preview(providers: Providers, town_id: str, rig_id: str, pr_url: str) -> dict[str, Any]:
    """What adopting would find; a request of another repository is `unknown`, and nothing is asked about it."""
    town = providers.uow.read(town_id)
    rig = town.rig(rig_id)
    repository, pull = _addresses(providers, town, rig, pr_url)
    if not pull.repository.is_same(repository):
        return {"state": "unknown", "repo_matches": False}
    state = _state(providers, town, rig, pull)
    return {
        "state": str(state.status),
        "repo_matches": True,
        "title": state.title,
        "head_branch": state.head_branch,
        "base_branch": state.base_branch,
        "head_sha": state.head_sha,
        "is_fork": state.is_fork,
    }


def _addresses(providers: Providers, town: Town, rig: Rig, pr_url: str) -> tuple[Repository, PullRef]:
    hosts = providers.hosts.known(town)
    repository = parse_git_url(rig.git_url, hosts)
    if not isinstance(repository, Repository):
        raise Conflict(explain_refusal(repository))
    pull = parse_pull_url(pr_url, hosts)
    if not isinstance(pull, PullRef):
        raise Invalid(explain_refusal(pull), field="pr_url")
    return repository, pull


def _state(providers: Providers, town: Town, rig: Rig, pull: PullRef) -> PullState:
    state = ask(providers, town, rig, lambda call: call.host.pull_state(pull, call.access))
    if not isinstance(state, PullState):
        raise _refused(state)
    return state


def _refused(refusal: Refusal) -> Conflict | Unavailable:
    if isinstance(refusal, HttpError) and refusal.transient:
        return Unavailable(explain_refusal(refusal), retry_after=60)
    return Conflict(explain_refusal(refusal))
