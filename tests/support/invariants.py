"""The invariants of a town, checked after every tick (numbers as in the state machines' page)."""

from gastown.domain.agent import AgentStatus, RunEnd
from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.ids import BeadId
from gastown.domain.limits import MAX_ATTEMPTS, MAX_LANDINGS, MAX_MERGE_TRIES, MAX_REJECTIONS, MAX_TOTAL_ATTEMPTS
from gastown.domain.review import Review, ReviewPhase
from gastown.domain.town import Town


def check_town(town: Town, merged: list[tuple[str, str]]) -> None:
    """Raise `AssertionError` with the invariant's number and the culprit."""
    _hooks(town)
    _beads(town)
    _reviews(town)
    _bounds(town)
    assert len(merged) == len(set(merged)), f"7 merged twice: {merged}"


def _hooks(town: Town) -> None:
    held: dict[BeadId, Bead | Review] = {**town.beads, **town.reviews}
    for agent in town.agents.values():
        if agent.hook is not None:
            assert agent.hook in held, f"1 {agent.name} is hooked to {agent.hook}, which is gone"
            assert held[agent.hook].assignee == agent.id, f"1 {agent.hook} does not point back to {agent.name}"
        working = agent.status in (AgentStatus.WORKING, AgentStatus.STALLED)
        assert working == (agent.open_run is not None and agent.hook is not None), f"2 {agent.name} {agent.status}"
    for work in held.values():
        if work.assignee is not None:
            assert town.agents[work.assignee].hook == work.id, f"1 {work.id}'s agent points elsewhere"


def _beads(town: Town) -> None:
    for bead in town.beads.values():
        agent = town.agents.get(bead.assignee) if bead.assignee else None
        at_work = agent is not None and agent.open_run is not None
        assert (bead.status is BeadStatus.IN_PROGRESS) == at_work, f"2 {bead.title} is {bead.status}"
        assert not bead.is_over, f"3 {bead.title} is over and live"
        reviews = [r for r in town.reviews.values() if r.source_id == bead.id and not r.abandoned]
        assert (bead.status is BeadStatus.IN_REVIEW) == (len(reviews) == 1), f"4 {bead.title}: {len(reviews)} reviews"
        if bead.is_fix:
            assert bead.parent_id in town.reviews, f"11 fix {bead.title} without a live review"


def _reviews(town: Town) -> None:
    for review in town.reviews.values():
        assert not review.is_over, f"3 {review.title} is over and live"
        if review.phase is ReviewPhase.MERGING:
            assert review.approved_sha == review.sha, f"6 {review.title} merges what was not approved"
            if review.approved_by in town.agents:
                ended = town.agents[review.approved_by].run
                later = ended is not None and ended.hook != review.id
                assert later or (ended is not None and ended.ended is RunEnd.APPROVE), f"6 {review.title}"


def _bounds(town: Town) -> None:
    for bead in town.beads.values():
        assert bead.attempts <= MAX_ATTEMPTS, f"10 {bead.title} attempts {bead.attempts}"
        assert bead.total_attempts <= MAX_TOTAL_ATTEMPTS, f"10 {bead.title} total {bead.total_attempts}"
        assert bead.rejections < MAX_REJECTIONS, f"10 {bead.title} rejections {bead.rejections}"
    for review in town.reviews.values():
        assert review.merge_tries < MAX_MERGE_TRIES, f"10 {review.title} merge tries"
    for convoy in town.convoys.values():
        assert convoy.landings <= MAX_LANDINGS, f"10 {convoy.title} landings"
    causes = [escalation.cause for escalation in town.escalations.values()]
    assert len(causes) == len(set(causes)), "10 one escalation per cause"
