"""A review's pull request, followed to its end: opened, looked at, merged by its provider.

What the provider says becomes the review's next state; nothing is taken from what an agent claims. Whatever is not
known to be fine holds the merge back (design section 9, row 6).
"""

from datetime import datetime, timedelta

from gastown.domain.bead import FEEDBACK
from gastown.domain.effect import Effect, EffectKind
from gastown.domain.ending import end_review, fail_review, merge_review, requeue_review
from gastown.domain.event import Note
from gastown.domain.fixing import Wish, ask_for_fix, settle_conflict, withdraw
from gastown.domain.ids import BeadId, EffectId, Moment, RigId
from gastown.domain.limits import POLL_INTERVAL, SLOW_POLL_INTERVAL, WEBHOOK_GAP, WEBHOOKS_TRUSTED
from gastown.domain.polling import Strikes, count_refusal
from gastown.domain.pull import (
    Feedback,
    HttpError,
    Look,
    Mergeability,
    Provider,
    PullMerged,
    PullState,
    PullStatus,
    Refusal,
)
from gastown.domain.pull_merging import count_refused_merge, settle_merge
from gastown.domain.refusal_words import explain_refusal
from gastown.domain.request_words import feedback_text, feedback_title, is_merge_request, obstacles_to_merge
from gastown.domain.review import Receipt, Review, ReviewPhase
from gastown.domain.town import Town


def ask_provider(town: Town, review: Review, kind: EffectKind, moment: Moment) -> None:
    """Ask one thing of a review's provider (1 item); its answer carries the number of this ask."""
    watch = review.watch
    watch.asks, watch.asked_at, watch.is_merging = watch.asks + 1, moment.now, kind is EffectKind.MERGE_PULL
    if watch.is_merging:
        review.phase, review.merge_attempt, review.updated_at = (
            ReviewPhase.MERGING,
            review.merge_attempt + 1,
            moment.now,
        )
    effect = Effect(
        id=EffectId(moment.new_id()),
        kind=kind,
        created_at=moment.now,
        arguments={"review_id": review.id, "ask": watch.asks},
    )
    town.effects[effect.id] = effect


def _answered(town: Town, review_id: str, ask: int) -> Review | None:
    """The review whose outstanding ask this answers; none for an older one."""
    review = town.reviews.get(BeadId(review_id))
    if review is None or review.watch.asks != ask or not review.watch.is_asked:
        return None
    review.watch.asked_at = None
    return review


def _heard(watch_of: Review) -> None:
    """A good answer puts both counters back and forgets the last refusal (REQ-5.6)."""
    watch = watch_of.watch
    watch.transient = watch.invalid = 0
    watch.refusal = watch.said = None


def apply_opened(town: Town, review_id: str, ask: int, pull: tuple[str, int], moment: Moment) -> None:
    """The pull request is there: opened by the platform, or found."""
    review = _answered(town, review_id, ask)
    if review is None:
        return
    _heard(review)
    review.watch.url, review.watch.number = pull
    watched = review.phase is ReviewPhase.WATCHING
    review.watch.next_at, review.updated_at = None if watched else moment.now + SLOW_POLL_INTERVAL, moment.now
    detail: dict[str, object] = {"review_id": review.id, "claimed": review.watch.claimed_url}
    town.note(_note(review, "pr_created", moment, new=review.watch.url, metadata=detail))


def apply_refusal(town: Town, review_id: str, ask: int, refusal: Refusal, moment: Moment) -> None:
    """The provider gave no answer: counted, shown, waited for, and after enough of it the review fails."""
    review = _answered(town, review_id, ask)
    if review is None:
        return
    watch = review.watch
    strikes, is_over = count_refusal(refusal, Strikes(transient=watch.transient, invalid=watch.invalid))
    watch.transient, watch.invalid, watch.refusal = strikes.transient, strikes.invalid, refusal.kind
    watch.said, watch.green_since, watch.is_merging = explain_refusal(refusal), None, False
    if review.phase is ReviewPhase.MERGING:
        review.phase = ReviewPhase.WATCHING
        count_refused_merge(town, review, watch.said, moment)
    told = refusal.retry_at if isinstance(refusal, HttpError) else None
    watch.next_at = max(moment.now + POLL_INTERVAL, told or moment.now)
    if review.abandoned:
        end_review(town, review, ReviewPhase.FAILED, moment, failure="abandoned")
    elif is_over:
        detail: dict[str, object] = {"kind": refusal.kind, "said": watch.said, "review_id": review.id}
        detail |= {"provider": getattr(refusal, "provider", None), "status": getattr(refusal, "status", None)}
        town.note(_note(review, "pr_poll_failed", moment, new=refusal.kind, metadata=detail))
        fail_review(town, review, f"pr_poll_failed: {watch.said}", moment)


def apply_poll(town: Town, review_id: str, ask: int, look: Look, moment: Moment) -> None:
    """What a look at an open, merged or closed pull request means for its review."""
    review, state = _answered(town, review_id, ask), look.state
    if review is None:
        return
    _heard(review)
    review.watch.credential = look.credential
    _remember(town, review, state, moment)
    if state.status is PullStatus.MERGED:
        merge_review(town, review, _outside(review, state, moment), moment)
    elif state.status is PullStatus.CLOSED:
        fail_review(town, review, "pr_closed: somebody closed the pull request without merging it", moment)
    elif state.head_sha and state.head_sha != review.sha:
        _moved(town, review, state.head_sha, moment)
    elif review.phase is not ReviewPhase.WATCHING or state.mergeability is Mergeability.COMPUTING:
        return
    elif state.mergeability is Mergeability.CONFLICT:
        _conflict(town, review, moment)
    else:
        review.watch.conflict_sha = None
        _weigh(town, review, state, look.feedback, moment)


def _remember(town: Town, review: Review, state: PullState, moment: Moment) -> None:
    watch = review.watch
    watch.polled_at, watch.merge_state, watch.is_draft = moment.now, state.merge_state, state.is_draft
    watch.next_at = moment.now + poll_interval(town, review, moment.now)


def poll_interval(town: Town, review: Review, now: datetime) -> timedelta:
    """How long to the next look: seldom while webhooks come in, or while the review waits for somebody else."""
    if review.phase is not ReviewPhase.WATCHING:
        return SLOW_POLL_INTERVAL
    heard = town.rig(review.rig_id).webhook_at
    trusted = heard is not None and now - heard < WEBHOOKS_TRUSTED and review.watch.green_since is None
    return SLOW_POLL_INTERVAL if trusted else POLL_INTERVAL


def _outside(review: Review, state: PullState, moment: Moment) -> Receipt:
    """A receipt of what somebody else merged: it names what landed, approved or not."""
    sha = state.head_sha or review.sha
    return Receipt(
        sha=sha,
        commit_sha=state.merge_commit_sha or sha,
        tree=None,
        target_branch=state.base_branch or review.target_branch,
        approved_by=review.approved_by if sha == review.approved_sha else None,
        merged_at=moment.now,
        outside=True,
    )


def _moved(town: Town, review: Review, head: str, moment: Moment) -> None:
    """Somebody pushed: what was approved is not what is there. Under way fixes and reviews find out when they end."""
    if review.phase is ReviewPhase.QUEUED and review.assignee is None:
        review.sha = head
    elif review.phase is ReviewPhase.WATCHING:
        review.sha = head
        withdraw(review, moment)
        requeue_review(town, review, moment, reason="the branch moved after its approval")


def _conflict(town: Town, review: Review, moment: Moment) -> None:
    watch = review.watch
    watch.green_since, watch.held_by = None, [f"it conflicts with {review.target_branch}"]
    if watch.conflict_sha == review.sha:
        return
    watch.conflict_sha = review.sha
    settle_conflict(town, review, f"the provider calls it {watch.merge_state or 'conflicting'}", moment)


def _weigh(town: Town, review: Review, state: PullState, feedback: Feedback | None, moment: Moment) -> None:
    """An open request without conflicts: work to do, a person to wait for, or green for a while."""
    watch, rules = review.watch, town.rules_for(review.rig_id)
    watch.held_by = obstacles_to_merge(state, feedback)
    if feedback is not None:
        _follow_approval(town, review, feedback, moment)
        watch.decision = feedback.decision
        demanded = bool(feedback.demands) and watch.demand_sha != review.sha
        if rules.auto_resolve_pr_feedback and (feedback.asks_for_work or demanded) and not feedback.missing:
            wish = Wish(
                text=feedback_text(review, feedback),
                title=feedback_title(review, feedback),
                label=FEEDBACK,
                metadata={"pr_feedback_for": review.id, "pr_url": watch.url},
            )
            watch.green_since = None
            watch.demand_sha = review.sha if feedback.demands else watch.demand_sha
            ask_for_fix(town, review, wish, moment)
            return
    watch.green_since = (watch.green_since or moment.now) if not watch.held_by else None
    if watch.green_since is not None:
        watch.next_at = moment.now + POLL_INTERVAL


def _follow_approval(town: Town, review: Review, feedback: Feedback, moment: Moment) -> None:
    """Note once when a request begins to await an approval, and once when it has it, with how long that took."""
    watch = review.watch
    if feedback.awaiting_approval and watch.awaiting_since is None:
        watch.awaiting_since = moment.now
        age: dict[str, object] = {"seconds": int((moment.now - review.created_at).total_seconds())}
        town.note(_note(review, "pr_awaiting_approval", moment, new=feedback.decision, metadata=age))
    elif not feedback.awaiting_approval and watch.awaiting_since is not None:
        waited: dict[str, object] = {"seconds": int((moment.now - watch.awaiting_since).total_seconds())}
        town.note(_note(review, "pr_approval_resolved", moment, new=feedback.decision, metadata=waited))
        watch.awaiting_since = None


def apply_pull_merge(town: Town, review_id: str, ask: int, answer: PullMerged, moment: Moment) -> None:
    """How the provider answered a merge of the approved sha."""
    review = _answered(town, review_id, ask)
    if review is not None:
        _heard(review)
        settle_merge(town, review, answer, moment)


def lose_answer(town: Town, review_id: str, ask: int, error: str, moment: Moment) -> None:
    """An ask that used up its tries without coming back counts as no answer."""
    review = town.reviews.get(BeadId(review_id))
    if review is not None:
        provider = Provider.GITLAB if is_merge_request(review) else Provider.GITHUB
        apply_refusal(town, review_id, ask, HttpError(provider=provider, status=0, text=error, transient=True), moment)


def touch_request(town: Town, rig_id: str, branch: str | None, number: int | None, moment: Moment) -> bool:
    """A webhook spoke of these requests: they are looked at now, and seldom without one; whether any was meant."""
    rig = town.rigs.get(RigId(rig_id))
    if rig is None:
        return False
    rig.webhook_at = moment.now
    meant = [
        review
        for review in town.reviews.values()
        if review.rig_id == rig.id and review.watch.url and (review.watch.number == number or review.branch == branch)
    ]
    for review in meant:
        polled = review.watch.polled_at
        soon = polled + WEBHOOK_GAP if polled is not None else moment.now
        review.watch.next_at = min(review.watch.next_at or soon, max(soon, moment.now))
    return bool(meant)


def _note(review: Review, kind: str, moment: Moment, *, new: str | None, metadata: dict[str, object]) -> Note:
    subject = review.source_id or review.convoy_id or review.id
    return Note(bead_id=subject, type=kind, at=moment.now, new=new, metadata=metadata)
