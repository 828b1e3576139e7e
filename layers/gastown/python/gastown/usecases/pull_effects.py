"""Effects on pull requests: open, look, merge, make a branch. The provider is asked with a credential of that moment.

Each can be performed twice: a request is looked for before it is opened, a look changes nothing, a merge names its sha
and finds out that it has happened, a branch that is there is fine.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from gastown.domain.addresses import parse_pull_url
from gastown.domain.convoy import Convoy
from gastown.domain.errors import Unavailable
from gastown.domain.event import EventKind
from gastown.domain.ids import BeadId
from gastown.domain.pull import (
    Feedback,
    HttpError,
    Mergeability,
    PullMerge,
    PullMerged,
    PullOrder,
    PullRef,
    PullState,
    PullStatus,
    Refusal,
    UnrecognizedUrl,
)
from gastown.domain.request_text import request_text
from gastown.domain.request_words import THREADS_SHOWN, obstacles_to_merge
from gastown.domain.review import Review
from gastown.domain.town import Town
from gastown.usecases.errand import Errand, Outcome, SupersededError
from gastown.usecases.history import bead_text
from gastown.usecases.provider_calls import Call, ask
from gastown.usecases.veils import veil_of

QUOTED, NAMED = 300, 20
"""Characters of a thread and names of checks that an outcome carries: it lies in the working set for a moment."""


def open_pull(errand: Errand) -> Outcome:
    """Find the open request of a review's branch, or open it."""
    town, review = _review(errand)
    pull = ask(errand.outside, town, town.rig(review.rig_id), lambda call: _opened(errand, town, review, call))
    if not isinstance(pull, PullRef):
        return _refused(errand, pull)
    return _outcome(errand, EventKind.PULL_OPENED, url=pull.url, number=pull.number)


def _opened(errand: Errand, town: Town, review: Review, call: Call) -> PullRef | Refusal:
    convoy = town.convoys.get(review.convoy_id) if review.convoy_id else None
    if not review.is_landing and convoy is not None and review.target_branch == convoy.feature_branch:
        refusal = call.host.make_branch(call.repository, review.target_branch, call.rig.default_branch, call.access)
        if refusal is not None:
            return refusal
    order = _order(errand, town, review, call)
    return call.host.open_pull(call.repository, order, call.access)


def _order(errand: Errand, town: Town, review: Review, call: Call) -> PullOrder:
    """What the request says; the town's secrets are not in it, whatever its agents wrote."""
    veil = veil_of(errand.outside.vault.town_secret(town.id), call.access.token)
    task = bead_text(errand.outside.uow, town.id, review.source_id) if review.source_id else None
    text, title = request_text(town, review, task, veil), veil(_title(town, review))
    return PullOrder(head=review.branch, base=review.target_branch, title=title, body=text, labels=("gastown",))


def poll_pull(errand: Errand) -> Outcome:
    """Look at a review's pull request, and at its feedback while it is open and can be merged."""
    town, review = _review(errand)
    seen = ask(errand.outside, town, town.rig(review.rig_id), lambda call: _look(errand, town, review, call))
    if not isinstance(seen, Seen):
        return _refused(errand, seen)
    feedback = asdict(_brief(seen.feedback)) if seen.feedback else None
    return _outcome(errand, EventKind.PULL_POLLED, state=asdict(seen.state), feedback=feedback, source=seen.call.source)


def merge_pull(errand: Errand) -> Outcome:
    """Merge the approved sha if the request is still green at this moment."""
    town, review = _review(errand)
    sha = review.approved_sha
    if sha is None:
        raise SupersededError("its approval was taken back")

    def merge(call: Call) -> PullMerged | Refusal:
        seen = _look(errand, town, review, call)
        if not isinstance(seen, Seen):
            return seen
        known = _without_merge(seen.state, seen.feedback, sha)
        return known or call.host.merge(seen.pull, sha, _title(town, review), call.access)

    answer = ask(errand.outside, town, town.rig(review.rig_id), merge)
    if not isinstance(answer, PullMerged):
        return _refused(errand, answer)
    return _outcome(errand, EventKind.PULL_MERGED, merge=asdict(replace(answer, message=answer.message[:QUOTED])))


def make_branch(errand: Errand) -> Outcome:
    """Make a convoy's feature branch. Raises `Unavailable` while asking again can help."""
    town = errand.town()
    convoy = town.convoys.get(BeadId(errand.text("convoy_id")))
    if convoy is None or convoy.is_over:
        raise SupersededError("the convoy is over")
    refusal = _made(errand, town, convoy)
    if isinstance(refusal, HttpError) and refusal.transient:
        raise Unavailable(refusal.text)
    data: dict[str, object] = {"convoy_id": convoy.id, "refusal": _plain(refusal) if refusal else None}
    return Outcome(kind=EventKind.BRANCH_MADE, data=data)


def _made(errand: Errand, town: Town, convoy: Convoy) -> Refusal | None:
    def make(call: Call) -> Refusal | None:
        return call.host.make_branch(call.repository, convoy.feature_branch, call.rig.default_branch, call.access)

    return ask(errand.outside, town, town.rig(convoy.rig_id), make)


def _review(errand: Errand) -> tuple[Town, Review]:
    """The review that asked; raises `SupersededError` if it has ended or asked for something else since."""
    town = errand.town()
    review = town.reviews.get(BeadId(errand.text("review_id")))
    if review is None or review.watch.asks != errand.number("ask") or not review.watch.is_asked:
        raise SupersededError("the review does not wait for this any more")
    return town, review


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A request as it was found, by which call."""

    state: PullState
    feedback: Feedback | None
    pull: PullRef
    call: Call


def _look(errand: Errand, town: Town, review: Review, call: Call) -> Seen | Refusal:
    url = review.watch.url or ""
    pull = parse_pull_url(url, errand.outside.hosts.known(town))
    if not isinstance(pull, PullRef):
        return pull
    if not pull.repository.is_same(call.repository):
        return UnrecognizedUrl(url=url)
    state = call.host.pull_state(pull, call.access)
    if not isinstance(state, PullState):
        return state
    if state.status is not PullStatus.OPEN or state.mergeability in (Mergeability.CONFLICT, Mergeability.COMPUTING):
        return Seen(state=state, feedback=None, pull=pull, call=call)
    feedback = call.host.feedback(pull, state.head_sha or review.sha, call.access)
    if not isinstance(feedback, Feedback):
        return feedback
    return Seen(state=state, feedback=_judged(errand, town, review, call, feedback), pull=pull, call=call)


def _judged(errand: Errand, town: Town, review: Review, call: Call, feedback: Feedback) -> Feedback:
    """Without its threads, where a model may judge them and finds that they ask for nothing; asked once a wording."""
    judge = errand.outside.thread_judge
    wanted = town.rules_for(review.rig_id).judge_threads
    if not (judge and wanted and feedback.threads) or feedback.more_threads:
        return feedback
    words = json.dumps([asdict(thread) for thread in feedback.threads])
    address = f"threads {hashlib.sha256(words.encode()).hexdigest()}"
    known = call.access.memory.recall(address)
    blocking = bool(known[1]["blocking"]) if known else judge.is_blocking(feedback.threads)
    if known is None:
        call.access.memory.remember(address, "judged", {"blocking": blocking})
    return feedback if blocking else replace(feedback, threads=())


def _without_merge(state: PullState, feedback: Feedback | None, sha: str) -> PullMerged | None:
    """The answer that is known without asking for a merge; what is not known to be green is not merged."""
    if state.status is PullStatus.MERGED:
        return PullMerged(how=PullMerge.ALREADY_MERGED, commit_sha=state.merge_commit_sha, head_sha=state.head_sha)
    if state.status is PullStatus.CLOSED:
        return PullMerged(how=PullMerge.NOT_READY, message="somebody closed it")
    if state.head_sha != sha:
        return PullMerged(how=PullMerge.MOVED, head_sha=state.head_sha)
    if state.mergeability is Mergeability.CONFLICT:
        return PullMerged(how=PullMerge.CONFLICT, message=f"the provider calls it {state.merge_state}")
    held = obstacles_to_merge(state, feedback)
    return PullMerged(how=PullMerge.NOT_READY, message="; ".join(held)) if held else None


def _brief(feedback: Feedback) -> Feedback:
    """As much of the feedback as the town needs: how much there is, and the beginning of what was said."""
    threads, demands = (
        tuple(replace(one, body=one.body[:QUOTED]) for one in said[:THREADS_SHOWN])
        for said in (feedback.threads, feedback.demands)
    )
    more = feedback.more_threads or len(feedback.threads) > THREADS_SHOWN
    return replace(
        feedback,
        threads=threads,
        demands=demands,
        more_threads=more,
        failing=feedback.failing[:NAMED],
        pending=feedback.pending[:NAMED],
        missing=tuple(part[:QUOTED] for part in feedback.missing[:NAMED]),
    )


def _title(town: Town, review: Review) -> str:
    source = town.beads.get(review.source_id) if review.source_id else None
    return (source.title if source else review.title)[:250]


def _outcome(errand: Errand, kind: EventKind, **data: object) -> Outcome:
    asked: dict[str, object] = {"review_id": errand.text("review_id"), "ask": errand.number("ask")}
    return Outcome(kind=kind, data=asked | data)


def _refused(errand: Errand, refusal: Refusal) -> Outcome:
    return _outcome(errand, EventKind.PULL_REFUSED, refusal=_plain(refusal))


def _plain(refusal: Refusal) -> dict[str, Any]:
    """A refusal as it is stored."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(refusal).items()
    }
