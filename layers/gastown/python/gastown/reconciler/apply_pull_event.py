"""From what a provider answered, as it lies in the inbox, to the domain's moves."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from gastown.domain.convoying import branch_made
from gastown.domain.event import EventKind
from gastown.domain.ids import Moment
from gastown.domain.pull import (
    Feedback,
    HostMismatch,
    HttpError,
    InvalidResponse,
    Look,
    Mergeability,
    NoToken,
    Provider,
    PullMerge,
    PullMerged,
    PullState,
    PullStatus,
    Refusal,
    Thread,
    UnrecognizedUrl,
)
from gastown.domain.refusal_words import explain_refusal
from gastown.domain.town import Town
from gastown.domain.watching import apply_opened, apply_poll, apply_pull_merge, apply_refusal, touch_request

PULL_EVENTS = frozenset(
    {
        EventKind.PULL_OPENED,
        EventKind.PULL_POLLED,
        EventKind.PULL_MERGED,
        EventKind.PULL_REFUSED,
        EventKind.PULL_TOUCHED,
        EventKind.BRANCH_MADE,
    }
)


def apply_pull_event(town: Town, kind: EventKind, data: Mapping[str, Any], moment: Moment) -> None:
    """Apply one of `PULL_EVENTS`; an answer to an older ask changes nothing."""
    match kind:
        case EventKind.PULL_TOUCHED:
            touch_request(town, data["rig_id"], data.get("branch"), data.get("number"), moment)
            return
        case EventKind.BRANCH_MADE:
            refusal = refusal_of(data["refusal"]) if data.get("refusal") else None
            branch_made(town, data["convoy_id"], explain_refusal(refusal) if refusal else None, moment)
            return
    review_id, ask = data["review_id"], int(data["ask"])
    match kind:
        case EventKind.PULL_OPENED:
            apply_opened(town, review_id, ask, (data["url"], int(data["number"])), moment)
        case EventKind.PULL_POLLED:
            feedback = feedback_of(data["feedback"]) if data.get("feedback") else None
            look = Look(state=state_of(data["state"]), feedback=feedback, credential=data.get("source") or "")
            apply_poll(town, review_id, ask, look, moment)
        case EventKind.PULL_MERGED:
            apply_pull_merge(town, review_id, ask, _merged(data["merge"]), moment)
        case _:
            apply_refusal(town, review_id, ask, refusal_of(data["refusal"]), moment)


def state_of(data: Mapping[str, Any]) -> PullState:
    """A pull request's state as it was stored; unknown fields are left out."""
    return PullState(
        status=PullStatus(data["status"]),
        head_sha=data.get("head_sha"),
        head_branch=data.get("head_branch"),
        base_branch=data.get("base_branch"),
        title=data.get("title"),
        merge_commit_sha=data.get("merge_commit_sha"),
        mergeability=Mergeability(data["mergeability"]),
        merge_state=data.get("merge_state") or "",
        is_draft=bool(data.get("is_draft")),
    )


def feedback_of(data: Mapping[str, Any]) -> Feedback:
    """A pull request's feedback as it was stored."""
    return Feedback(
        head_sha=data["head_sha"],
        threads=_threads(data.get("threads")),
        more_threads=bool(data.get("more_threads")),
        failing=tuple(data.get("failing") or ()),
        pending=tuple(data.get("pending") or ()),
        unchecked=bool(data.get("unchecked")),
        awaiting_approval=bool(data.get("awaiting_approval")),
        changes_requested=bool(data.get("changes_requested")),
        demands=_threads(data.get("demands")),
        decision=data.get("decision"),
        missing=tuple(data.get("missing") or ()),
    )


def _threads(kept: Iterable[Mapping[str, Any]] | None) -> tuple[Thread, ...]:
    return tuple(Thread(author=one["author"], body=one["body"], place=one.get("place")) for one in kept or ())


def _merged(data: Mapping[str, Any]) -> PullMerged:
    return PullMerged(
        how=PullMerge(data["how"]),
        commit_sha=data.get("commit_sha"),
        head_sha=data.get("head_sha"),
        message=data.get("message") or "",
    )


def refusal_of(data: Mapping[str, Any]) -> Refusal:
    """A refusal as it was stored; raises `ValueError` for a kind that nobody knows."""
    match data["kind"]:
        case "no_token":
            return NoToken(provider=Provider(data["provider"]), tried=tuple(data.get("tried") or ()))
        case "unrecognized_url":
            return UnrecognizedUrl(url=data["url"])
        case "host_mismatch":
            return HostMismatch(provider=Provider(data["provider"]), expected=data["expected"], got=data["got"])
        case "http_error":
            return _http_error(data)
        case "invalid_response":
            keys = tuple(data.get("keys") or ())
            return InvalidResponse(provider=Provider(data["provider"]), reason=data["reason"], keys=keys)
        case unknown:
            raise ValueError(f"no refusal is called {unknown}")


def _http_error(data: Mapping[str, Any]) -> HttpError:
    return HttpError(
        provider=Provider(data["provider"]),
        status=int(data["status"]),
        text=data.get("text") or "",
        transient=bool(data["transient"]),
        retry_at=datetime.fromisoformat(data["retry_at"]) if data.get("retry_at") else None,
    )
