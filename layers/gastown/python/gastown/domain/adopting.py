"""Adopting somebody else's pull request: the town looks after it until it is merged or closed (babysitting)."""

from dataclasses import dataclass

from gastown.domain.errors import Conflict
from gastown.domain.event import Note
from gastown.domain.ids import BeadId, Moment
from gastown.domain.pull import MergeStrategy, PullRef, PullState, PullStatus
from gastown.domain.review import Review
from gastown.domain.town import Town
from gastown.domain.watch import Watch

BYPASSED = "This rig has code review on; an adopted request is not judged by its refinery"


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """Which request is adopted, and what agents may do to its branch."""

    rig_id: str
    pull: PullRef
    state: PullState
    title: str | None = None
    text: str | None = None
    force_push_allowed: bool = False


def adopt_request(town: Town, asked: Adoption, by: str, moment: Moment) -> Review:
    """Watch an open request of a rig's repository (2 items). Raises `NotFound`, `Conflict`; the same one twice is one.

    Its head is taken as it is: whoever adopted it answers for it, and what is pushed later is weighed by its own
    reviews and checks (reconciler facts, 6.5).
    """
    rig = town.open_rig(asked.rig_id)
    if (known := _watched(town, asked.pull)) is not None:
        return known
    state = asked.state
    if state.status is not PullStatus.OPEN:
        raise Conflict(f"The request is {state.status} already")
    if not (state.head_branch and state.base_branch and state.head_sha):
        raise Conflict("The provider does not say which branches the request is between")
    if state.is_fork:
        raise Conflict("The request comes from another repository, to which agents cannot push")
    review = Review(
        id=BeadId(moment.new_id()),
        rig_id=rig.id,
        title=(asked.title or state.title or asked.pull.url)[:500],
        branch=state.head_branch,
        sha=state.head_sha,
        target_branch=state.base_branch,
        base_branch=rig.default_branch,
        created_at=moment.now,
        updated_at=moment.now,
        strategy=MergeStrategy.PR,
        watch=Watch(url=asked.pull.url, number=asked.pull.number),
        is_adopted=True,
        force_push_allowed=asked.force_push_allowed,
    )
    town.reviews[review.id] = review
    if asked.text:
        town.texts[review.id] = asked.text
    detail: dict[str, object] = {"review_id": review.id, "by": by}
    town.note(Note(bead_id=review.id, type="babysit_started", at=moment.now, new=asked.pull.url, metadata=detail))
    return review


def _watched(town: Town, pull: PullRef) -> Review | None:
    same = (r for r in town.reviews.values() if r.watch.number == pull.number and r.watch.url is not None)
    return next((r for r in same if r.watch.url == pull.url), None)
