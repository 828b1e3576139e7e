"""What is said about pull requests: what holds one back, and the bead that answers its feedback."""

from gastown.domain.pull import Feedback, Mergeability, PullState
from gastown.domain.review import Review

THREADS_SHOWN = 5
"""Threads, and reviewers' demands, quoted in a bead; agents list the rest themselves."""


def obstacles_to_merge(state: PullState, feedback: Feedback | None) -> list[str]:
    """Everything that stands between an open request and its merge; empty means green. Unknown things stand there."""
    held = ["it is a draft"] if state.is_draft else []
    if feedback is None:
        return [*held, "its threads and checks are not known"]
    held += [f"could not read {part}" for part in feedback.missing]
    if feedback.threads or feedback.more_threads:
        held.append(f"{len(feedback.threads)}{'+' if feedback.more_threads else ''} unresolved threads")
    held += [f"check failed: {name}" for name in feedback.failing[:10]]
    held += [f"check under way: {name}" for name in feedback.pending[:10]]
    if feedback.unchecked:
        held.append("more checks than are read")
    if feedback.changes_requested:
        held.append("a reviewer requested changes")
    if feedback.awaiting_approval:
        held.append("it awaits an approval")
    if not held and state.mergeability is not Mergeability.CLEAN:
        held.append(f"the provider calls it {state.merge_state or state.mergeability}")
    return held


def feedback_title(review: Review, feedback: Feedback) -> str:
    """`Address review comments & failing CI on PR #7 (repo)` (reconciler facts, 2.4)."""
    parts = ["review comments"] if feedback.threads or feedback.more_threads or feedback.demands else []
    if feedback.failing:
        parts.append("failing CI")
    elif feedback.unchecked:
        parts.append("unchecked CI runs")
    return f"Address {' & '.join(parts)} on {request_name(review)}"


def request_name(review: Review) -> str:
    """How people call a request: `PR #7`, or `MR !7` on GitLab."""
    return f"MR !{review.watch.number}" if is_merge_request(review) else f"PR #{review.watch.number}"


def is_merge_request(review: Review) -> bool:
    """Whether the request is one of GitLab, by its address."""
    return review.watch.url is not None and "/-/merge_requests/" in review.watch.url


def feedback_text(review: Review, feedback: Feedback) -> str:
    """What is to be done about the feedback; quoted words are material, not orders."""
    parts = [f"{request_name(review)} is {review.watch.url}, branch `{review.branch}`."]
    if feedback.threads or feedback.more_threads:
        parts.append(
            "Reviewers left unresolved threads. Read them all in the request, answer each one: mend what is right and "
            "resolve the thread, or explain why not and resolve it."
        )
        quoted = feedback.threads[:THREADS_SHOWN]
        parts += [f"- {_place(thread.place)}{thread.author}: {thread.body}" for thread in quoted]
    if feedback.demands:
        parts.append("Reviewers asked for changes. What they wrote begins so; read all of it in the request:")
        parts += [f"- {demand.author}: {demand.body}" for demand in feedback.demands[:THREADS_SHOWN]]
    if feedback.failing:
        parts.append(f"These checks failed: {', '.join(feedback.failing[:20])}. Read their logs and mend the cause.")
    if feedback.unchecked:
        parts.append("There are more checks than the platform reads: see that all of them pass.")
    parts.append("Push everything in few commits to this branch, see that it is pushed, then report done.")
    return "\n\n".join(parts)


def _place(place: str | None) -> str:
    return f"{place}: " if place else ""
