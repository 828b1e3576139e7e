"""The moves of a convoy after it was slung: start, stop, resume, close, land."""

from gastown.domain.agent import Role
from gastown.domain.attempts import LANDINGS
from gastown.domain.bead import BeadStatus
from gastown.domain.convoy import Convoy, ConvoyState, FeatureBranch, MergeMode
from gastown.domain.effect import Effect, EffectKind
from gastown.domain.ending import abandon_review, end_bead
from gastown.domain.errors import Conflict
from gastown.domain.escalation import Severity
from gastown.domain.event import Note
from gastown.domain.ids import BeadId, EffectId, Moment
from gastown.domain.review import Review
from gastown.domain.slinging import start_execution
from gastown.domain.telling import tell_mayor
from gastown.domain.town import Town
from gastown.domain.waiting import answer_wait
from gastown.domain.warning import raise_escalation


def start_convoy(town: Town, convoy_id: str, moment: Moment) -> Convoy:
    """Start a staged convoy, or resume a stopped one under a new execution. Raises `NotFound`, `Conflict`."""
    convoy = town.convoy(convoy_id)
    if convoy.state is ConvoyState.STOPPED:
        move_convoy(town, convoy, ConvoyState.ACTIVE, moment)
        start_execution(town, convoy, moment)
        return convoy
    if convoy.state is not ConvoyState.STAGED:
        raise Conflict(f"Convoy {convoy_id} is {convoy.state}, not staged")
    move_convoy(town, convoy, ConvoyState.ACTIVE, moment)
    return convoy


def move_convoy(town: Town, convoy: Convoy, state: ConvoyState, moment: Moment) -> None:
    """Put a convoy into another state, with its line of history."""
    town.note(Note(bead_id=convoy.id, type="status_changed", at=moment.now, old=convoy.state, new=state))
    convoy.state, convoy.updated_at = state, moment.now


def close_convoy(town: Town, convoy_id: str, moment: Moment) -> Convoy:
    """Close a convoy by a person's word; its beads are closed by the ticks that follow. Raises `NotFound`."""
    convoy = town.convoy(convoy_id)
    if not convoy.is_over:
        move_convoy(town, convoy, ConvoyState.CLOSED, moment)
    return convoy


def close_member(town: Town, bead_id: BeadId, moment: Moment) -> None:
    """Close one bead of a closed convoy."""
    end_bead(town, town.bead(bead_id), BeadStatus.CLOSED, "convoy_closed", moment)


def finish_convoy(town: Town, convoy: Convoy, state: ConvoyState, moment: Moment) -> None:
    """End a convoy for good: landed, failed or closed; a landing review that is live is abandoned."""
    if convoy.state is not state:
        move_convoy(town, convoy, state, moment)
    convoy.landed_at = moment.now if state is ConvoyState.LANDED else None
    if state is ConvoyState.LANDED and convoy.created_by == Role.MAYOR:
        # Whoever asked the mayor for it waits for its word.
        tell_mayor(town, f"Your convoy {convoy.title!r} ({convoy.id}) has landed.", moment, source="convoy")
    if (landing := town.landing_of(convoy.id)) is not None and not landing.abandoned:
        abandon_review(town, landing, moment)
    for wait in [w for w in town.waits.values() if w.convoy_id == convoy.id and not w.answered]:
        answer_wait(town, wait.key, moment)
    del town.convoys[convoy.id]
    town.finals[convoy.id] = convoy


def open_landing(town: Town, convoy: Convoy, moment: Moment) -> Review:
    """Open the landing review of a convoy's feature branch onto the rig's default branch."""
    default = town.rig(convoy.rig_id).default_branch
    convoy.landings += 1
    convoy.not_before = moment.now + LANDINGS.wait(convoy.landings)
    review = Review(
        id=BeadId(moment.new_id()),
        rig_id=convoy.rig_id,
        title=f"Land convoy: {convoy.title}",
        branch=convoy.feature_branch,
        sha=convoy.feature_sha or "",
        target_branch=default,
        base_branch=default,
        created_at=moment.now,
        updated_at=moment.now,
        convoy_id=convoy.id,
        strategy=town.rules_for(convoy.rig_id).merge_strategy,
    )
    town.reviews[review.id] = review
    town.note(
        Note(
            bead_id=convoy.id,
            type="review_submitted",
            at=moment.now,
            new=review.branch,
            metadata={"review_id": review.id},
        )
    )
    return review


def ask_branch(town: Town, convoy: Convoy, moment: Moment) -> None:
    """Have the feature branch made on the remote (1 item); its beads wait for that."""
    convoy.branch, convoy.updated_at = FeatureBranch.ASKED, moment.now
    effect = Effect(
        id=EffectId(moment.new_id()),
        kind=EffectKind.MAKE_BRANCH,
        created_at=moment.now,
        arguments={"convoy_id": convoy.id},
    )
    town.effects[effect.id] = effect


def branch_made(town: Town, convoy_id: str, refusal: str | None, moment: Moment) -> None:
    """The feature branch is there, or will not be: then a person is told, and the work goes on without it."""
    convoy = town.convoys.get(BeadId(convoy_id))
    if convoy is None or convoy.branch is not FeatureBranch.ASKED:
        return
    convoy.branch, convoy.updated_at = FeatureBranch.REFUSED if refusal else FeatureBranch.MADE, moment.now
    if refusal:
        raise_escalation(
            town,
            moment,
            cause=f"feature_branch:{convoy.id}",
            severity=Severity.HIGH,
            title=f"The feature branch of convoy {convoy.title} could not be made",
            message=f"{convoy.feature_branch}: {refusal}",
            bead_id=convoy.id,
            rig_id=convoy.rig_id,
        )


def is_complete(town: Town, convoy: Convoy) -> bool:
    """Whether every bead is resolved by the town's setting and no review of it is live (state machines, convoy)."""
    if town.is_leaving(convoy.rig_id):
        return False
    settled = {BeadStatus.CLOSED}
    if town.config.failed_blockers == "release":
        settled.add(BeadStatus.FAILED)
    if any(town.status_of(bead_id) not in settled for bead_id in convoy.beads):
        return False
    return not any(review.convoy_id == convoy.id and not review.is_landing for review in town.reviews.values())


def wait_for_person(town: Town, convoy: Convoy, why: str, moment: Moment) -> None:
    """Stop trying to land and tell a person once why."""
    convoy.landing_waits_for_person = True
    raise_escalation(
        town,
        moment,
        cause=f"convoy_landing:{convoy.id}",
        severity=Severity.HIGH,
        title=f"Convoy cannot land: {convoy.title}",
        message=f"{why}. Close the convoy, or repair {convoy.feature_branch} and sling the rest again.",
        bead_id=convoy.id,
        rig_id=convoy.rig_id,
    )


def landings_left(convoy: Convoy) -> bool:
    """Whether another landing review may be opened."""
    return not LANDINGS.is_over(convoy.landings)


def lands_at_once(convoy: Convoy) -> bool:
    """Whether the beads have landed one by one, so that nothing remains to merge."""
    return convoy.merge_mode is MergeMode.REVIEW_AND_MERGE


def change_execution(town: Town, convoy_id: str, status: str, arn: str, moment: Moment) -> None:
    """Follow what Step Functions says: aborted stops the convoy, running again resumes it, dying is escalated."""
    convoy = town.convoys.get(BeadId(convoy_id))
    if convoy is None or convoy.is_over:
        return
    current = convoy.execution_arn in (None, arn)
    if status == "RUNNING":
        convoy.execution_arn = arn
        if convoy.state is ConvoyState.STOPPED:
            move_convoy(town, convoy, ConvoyState.ACTIVE, moment)
    elif status == "ABORTED" and current and convoy.state is ConvoyState.ACTIVE:
        move_convoy(town, convoy, ConvoyState.STOPPED, moment)
    elif status in ("FAILED", "TIMED_OUT") and current:
        raise_escalation(
            town,
            moment,
            cause=f"execution:{arn}",
            severity=Severity.MEDIUM,
            title=f"The execution of convoy {convoy.title} ended as {status}",
            message="The town goes on with the convoy. Start the execution again to watch it.",
            bead_id=convoy.id,
            rig_id=convoy.rig_id,
        )
