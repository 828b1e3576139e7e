"""Webhooks of providers: a signed word that something about a pull request has changed, so that it is looked at now.

A webhook is believed only in that something happened: what happened is asked of the provider. One that concerns no
watched request wakes nobody. The stack's one webhook secret signs those of GitHub and is the token of those of GitLab.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gastown.domain.addresses import repository_key
from gastown.domain.errors import Conflict, Invalid, NotFound, Unauthorized
from gastown.domain.event import EventKind
from gastown.domain.town import Town
from gastown.ports.directory import RigRow
from gastown.usecases.response_memory import RowMemory
from gastown.usecases.tokens import UnknownSignature
from gastown.usecases.unit_of_work import UnitOfWork

NOT_SIGNED = "The signature X-Hub-Signature-256 is missing or wrong"
UNPROVEN = "The token X-Gitlab-Token is missing or wrong"
REPLAYED = "This delivery was received before"
STALE = "This delivery speaks of something that is older than a day"
TOO_OLD = timedelta(hours=24)
"""As long as deliveries are remembered: an older one that comes again would not be known."""

DATED = (
    "pull_request", "review", "comment", "issue", "check_run", "check_suite", "workflow_run", "object_attributes",
    "merge_request",
)  # fmt: skip
MOMENTS = ("updated_at", "submitted_at", "completed_at", "started_at", "created_at", "finished_at")
"""Where webhooks of both providers carry times. Pushes carry those of their commits, which may be of any age."""

_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Hint:
    """What a webhook speaks of: a repository, and the requests or branches in it that changed."""

    repository: str
    numbers: frozenset[int] = frozenset()
    branches: frozenset[str] = frozenset()
    at: datetime | None = None
    """The newest moment that it names, if any: nothing that it speaks of is newer."""


def check_github(secrets: Sequence[str], body: bytes, signature: str | None) -> None:
    """Refuse a body that none of the live secrets signed. Raises `Unauthorized`, `UnknownSignature` for a whole one.

    https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    """
    if signature is None or _SIGNATURE.fullmatch(signature) is None:
        raise Unauthorized(NOT_SIGNED)
    for secret in secrets:
        ours = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        if hmac.compare_digest(ours, signature):
            return
    raise UnknownSignature(NOT_SIGNED)


def check_gitlab(secrets: Sequence[str], token: str | None) -> None:
    """Refuse a webhook without one of the live secrets as its token. Raises `Unauthorized`, `UnknownSignature`.

    https://docs.gitlab.com/user/project/integrations/webhooks/#secret-tokens
    """
    if not token:
        raise Unauthorized(UNPROVEN)
    if not any(hmac.compare_digest(secret.encode(), token.encode()) for secret in secrets):
        raise UnknownSignature(UNPROVEN)


def read_github(host: str, payload: Mapping[str, Any]) -> Hint:
    """What a webhook of GitHub speaks of. Raises `Invalid` when it names no repository.

    https://docs.github.com/en/webhooks/webhook-events-and-payloads
    """
    repository = payload.get("repository")
    name = repository.get("full_name") if isinstance(repository, dict) else None
    if not isinstance(name, str):
        raise Invalid("A webhook names its repository", field="repository.full_name")
    checked = [payload.get(kind) for kind in ("check_run", "check_suite", "workflow_run")]
    told = [payload.get("pull_request"), payload.get("issue"), *_requests(checked)]
    numbers = {int(one["number"]) for one in told if isinstance(one, dict) and isinstance(one.get("number"), int)}
    heads = [one.get("head_branch") for one in checked if isinstance(one, dict)]
    suites = [one.get("check_suite") for one in checked if isinstance(one, dict)]
    heads += [suite.get("head_branch") for suite in suites if isinstance(suite, dict)]
    heads += [branch.get("name") for branch in payload.get("branches") or () if isinstance(branch, dict)]
    return Hint(
        repository=f"{host}/{name}".lower(),
        numbers=frozenset(numbers),
        branches=frozenset(head for head in [*heads, _pushed(payload)] if isinstance(head, str)),
        at=_newest(payload),
    )


def _requests(checked: Sequence[Any]) -> Iterator[Any]:
    for one in checked:
        yield from (one.get("pull_requests") or ()) if isinstance(one, dict) else ()


def _pushed(payload: Mapping[str, Any]) -> str | None:
    ref = payload.get("ref")
    return ref.removeprefix("refs/heads/") if isinstance(ref, str) else None


def read_gitlab(payload: Mapping[str, Any]) -> Hint:
    """What a webhook of GitLab speaks of. Raises `Invalid` when it names no project.

    https://docs.gitlab.com/user/project/integrations/webhook_events/
    """
    project = payload.get("project")
    key = repository_key(str(project.get("web_url") or "")) if isinstance(project, dict) else None
    if key is None:
        raise Invalid("A webhook names its project", field="project.web_url")
    about = payload.get("object_attributes")
    attributes: Mapping[str, Any] = about if isinstance(about, dict) else {}
    requests = [payload.get("merge_request"), attributes if payload.get("object_kind") == "merge_request" else None]
    numbers = {one["iid"] for one in requests if isinstance(one, dict) and isinstance(one.get("iid"), int)}
    heads = [attributes.get("ref"), attributes.get("source_branch"), _pushed(payload)]
    return Hint(
        repository=key,
        numbers=frozenset(numbers),
        branches=frozenset(head for head in heads if isinstance(head, str)),
        at=_newest(payload),
    )


def _newest(payload: Mapping[str, Any]) -> datetime | None:
    parts = [payload, *(payload[name] for name in DATED if isinstance(payload.get(name), dict))]
    found = [_moment(part.get(name)) for part in parts for name in MOMENTS]
    return max((moment for moment in found if moment is not None), default=None)


def _moment(text: object) -> datetime | None:
    """A time as either provider writes it: `2026-01-02T03:04:05Z`, or `2026-01-02 03:04:05 UTC` of older GitLabs."""
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC")) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def take_webhook(uow: UnitOfWork, hint: Hint, body: bytes, now: datetime) -> int:
    """Have every watched request that is meant looked at; how many towns were told. `now` is the providers' time.

    Raises `Conflict` for a delivery that was received before, or that is too old for anybody to know that.
    """
    if hint.at is not None and now - hint.at > TOO_OLD:
        raise Conflict(STALE)
    digest = hashlib.sha256(body).hexdigest()
    told, replayed = 0, 0
    for row in uow.directory.rigs_of(hint.repository):
        match _tell(uow, row, hint, digest):
            case "told":
                told += 1
            case "replayed":
                replayed += 1
    if replayed and not told:
        raise Conflict(REPLAYED)
    return told


def _tell(uow: UnitOfWork, row: RigRow, hint: Hint, digest: str) -> str:
    try:
        town = uow.read(row.town_id)
    except NotFound:  # the town is being created or deleted: nothing is watched there
        return "nobody"
    meant = list(_meant(town, row.rig_id, hint))
    if not meant:
        return "nobody"
    memory = RowMemory(store=uow.store, town_id=row.town_id, now=uow.now())
    address = f"webhook {row.rig_id} {digest}"
    if memory.recall(address) is not None:
        return "replayed"
    for number, branch in meant:
        data = {"rig_id": row.rig_id, "number": number, "branch": branch}
        event_id = f"{row.rig_id}-{digest[:32]}-{number}"
        uow.deliver(row.town_id, EventKind.PULL_TOUCHED, data, source="webhook", event_id=event_id)
    memory.remember(address, "seen", {})
    return "told"


def _meant(town: Town, rig_id: str, hint: Hint) -> Iterator[tuple[int | None, str]]:
    for review in town.reviews.values():
        watched = review.rig_id == rig_id and review.watch.url is not None
        if watched and (review.watch.number in hint.numbers or review.branch in hint.branches):
            yield review.watch.number, review.branch
