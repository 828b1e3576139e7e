"""From the actions on pull requests and their reviews to the domain's moves."""

from gastown.domain.convoying import ask_branch
from gastown.domain.effect import EffectKind
from gastown.domain.ids import Moment
from gastown.domain.reporting import approve
from gastown.domain.town import Town
from gastown.domain.watching import ask_provider
from gastown.reconciler.actions import ApproveReview, MakeBranch, MergePull, OpenPull, PollPull

PullAction = ApproveReview | OpenPull | PollPull | MergePull | MakeBranch


def apply_pull(town: Town, action: PullAction, moment: Moment) -> None:
    """Carry out one of them in memory."""
    match action:
        case ApproveReview(review_id=review_id):
            approve(town.reviews[review_id], None, moment)
        case OpenPull(review_id=review_id):
            ask_provider(town, town.reviews[review_id], EffectKind.OPEN_PULL, moment)
        case PollPull(review_id=review_id):
            ask_provider(town, town.reviews[review_id], EffectKind.POLL_PULL, moment)
        case MergePull(review_id=review_id):
            ask_provider(town, town.reviews[review_id], EffectKind.MERGE_PULL, moment)
        case MakeBranch(convoy_id=convoy_id):
            ask_branch(town, town.convoys[convoy_id], moment)
