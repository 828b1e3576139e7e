"""Questions to a rig's provider, each asked with the credential of that moment (REQ-4.8).

A provider that does not accept the credential (401) is asked once more with another one: a token may have been revoked
while it was remembered, or replaced a moment ago. Only when there is no other one is the refusal told.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Protocol, TypeVar

from gastown.domain.addresses import parse_git_url
from gastown.domain.errors import Invalid
from gastown.domain.pull import HttpError, NoToken, Refusal, Repository
from gastown.domain.rig import Rig
from gastown.domain.town import Town
from gastown.ports.git_host import Access, GitHost
from gastown.usecases.git_hosts import GitHosts
from gastown.usecases.git_tokens import TokenUnavailable, fingerprint, resolve
from gastown.usecases.response_memory import RowMemory
from gastown.usecases.unit_of_work import UnitOfWork
from gastown.usecases.vault import Vault

T = TypeVar("T")


class Providers(Protocol):
    """Whom to ask, and with what."""

    @property
    def uow(self) -> UnitOfWork:
        """The towns, whose tables remember answers."""
        ...

    @property
    def hosts(self) -> GitHosts:
        """Who speaks for each provider."""
        ...

    @property
    def vault(self) -> Vault:
        """Where credentials come from."""
        ...


@dataclass(frozen=True, kw_only=True)
class Call:
    """Everything that one question to a provider needs; `source` says where its credential came from."""

    rig: Rig
    repository: Repository
    host: GitHost
    access: Access
    source: str


def ask(providers: Providers, town: Town, rig: Rig, question: Callable[[Call], T | Refusal]) -> T | Refusal:
    """What the rig's provider answers. Raises `Unavailable` when the vault did not answer."""
    call = _prepare(providers, town, rig)
    if not isinstance(call, Call):
        return call
    answer = question(call)
    if not (isinstance(answer, HttpError) and answer.status == HTTPStatus.UNAUTHORIZED):
        return answer
    other = _prepare(providers, town, rig, failed=fingerprint(call.access.token))
    match other:
        case Call():
            return question(other)
        case NoToken(tried=tried):
            return replace(answer, text=f"{answer.text}; no other credential: {', '.join(tried)}")
        case HttpError():
            return other
        case _:
            return answer


def _prepare(providers: Providers, town: Town, rig: Rig, *, failed: str = "") -> Call | Refusal:
    """The rig's provider with a credential; `failed` names one that is not to come again."""
    repository = parse_git_url(rig.git_url, providers.hosts.known(town))
    if not isinstance(repository, Repository):
        return repository
    try:
        token = resolve(providers.vault, town, rig, fresh=bool(failed), failed=failed)
        host = providers.hosts.host_for(town, repository)
    except TokenUnavailable as silent:
        return silent.refusal
    except Invalid as wrong:  # an instance that older settings took (REQ-5.16): nothing can be sent there
        return HttpError(provider=repository.provider, status=0, text=str(wrong), transient=False)
    if isinstance(token, NoToken):
        return token
    memory = RowMemory(store=providers.uow.store, town_id=town.id, now=providers.uow.now())
    access = Access(token=token.value, memory=memory)
    return Call(rig=rig, repository=repository, host=host, access=access, source=token.source)
