"""Fix beads: what stands between a review and its merge, as work for a polecat.

A review waits in `fixing` while one is open, so rework, feedback and conflicts hold back the merge by construction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gastown.domain.attempts import ROUNDS
from gastown.domain.bead import CONFLICT, REWORK, Bead
from gastown.domain.ending import fail_review
from gastown.domain.escalation import Severity
from gastown.domain.event import Note
from gastown.domain.ids import BeadId, Moment
from gastown.domain.review import Review, ReviewPhase
from gastown.domain.town import Town
from gastown.domain.warning import raise_escalation


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What has to be done before a review can merge."""

    text: str
    title: str | None = None
    """None means: rework of what is under review."""
    label: str = REWORK
    files: Sequence[str] = ()
    metadata: dict[str, object] = field(default_factory=dict)


def ask_for_fix(town: Town, review: Review, wish: Wish, moment: Moment) -> BeadId:
    """Open one fix bead under a review and withdraw its approval; used-up rounds fail the review."""
    source = town.beads.get(review.source_id) if review.source_id else None
    fix = Bead(
        id=BeadId(moment.new_id()),
        rig_id=review.rig_id,
        title=(wish.title or f"Rework: {source.title if source else review.title}")[:500],
        created_at=moment.now,
        updated_at=moment.now,
        labels=[wish.label],
        created_by=review.assignee,
        parent_id=review.id,
        convoy_id=review.convoy_id,
        metadata={
            "rework_for": review.source_id,
            "mr_bead_id": review.id,
            "branch": review.branch,
            "target_branch": review.target_branch,
            "files": list(wish.files),
            **wish.metadata,
        },
    )
    town.beads[fix.id] = fix
    town.texts[fix.id] = wish.text
    review.phase, review.updated_at = ReviewPhase.FIXING, moment.now
    review.rounds += 1
    withdraw(review, moment)
    town.note(Note(bead_id=fix.id, type="created", at=moment.now, new="open", metadata={"title": fix.title}))
    town.note(
        Note(bead_id=review.source_id or review.id, type="rework_requested", at=moment.now, new=fix.id,
             metadata={"feedback": wish.text[:500], "review_id": review.id, "label": wish.label})
    )  # fmt: skip
    if ROUNDS.is_over(review.rounds - 1):
        fail_review(town, review, f"{ROUNDS.most} rounds of changes were not enough", moment)
    return fix.id


def withdraw(review: Review, moment: Moment) -> None:
    """Take an approval back; the next merge needs a new one."""
    review.approved_sha = review.approved_by = review.approved_at = review.merge_command = None
    review.watch.green_since = None
    review.updated_at = moment.now


def settle_conflict(town: Town, review: Review, said: str, moment: Moment) -> None:
    """Have a conflict with the target resolved by a polecat, or by a person if the settings say so (facts: 2.5)."""
    if town.rules_for(review.rig_id).auto_resolve_merge_conflicts:
        ask_for_fix(town, review, _resolution(review, said), moment)
        return
    raise_escalation(
        town,
        moment,
        cause=f"conflict:{review.id}",
        severity=Severity.HIGH,
        title=f"Merge conflict: {review.title}",
        message=f"{review.branch} does not merge into {review.target_branch}: {said[:2000]}",
        bead_id=review.source_id or review.convoy_id,
        rig_id=review.rig_id,
        category="merge_conflict",
        metadata={"conflict": True, "branch": review.branch, "source_bead_id": review.source_id},
    )
    if review.source_id and (source := town.beads.get(review.source_id)):
        source.accepted_sha = None
    fail_review(town, review, "conflict", moment)


def _joined(review: Review) -> str:
    if review.is_adopted and review.force_push_allowed:
        return f"rebase this branch onto `origin/{review.target_branch}`; you may push it with a lease"
    return f"merge `origin/{review.target_branch}` into this branch; do not rebase, for the branch is not rewritten"


def _resolution(review: Review, said: str) -> Wish:
    text = (
        f"`{review.branch}` does not merge into `{review.target_branch}`: {said[:2000]}\n\n"
        f"Fetch and {_joined(review)}. Resolve every conflict so that both sides' intentions hold, run the gates, "
        "commit and push, then report done."
    )
    if review.watch.url:
        text += f"\n\nThe pull request is {review.watch.url}."
    return Wish(
        text=text,
        title=f"Resolve merge conflicts: {review.branch}",
        label=CONFLICT,
        metadata={"pr_url": review.watch.url, "source_bead_id": review.source_id} if review.watch.url else {},
    )
