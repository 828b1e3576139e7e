"""The fifteen invariants of a town, each by its number and its sentence (state machines, *Invariants*).

They are written anew here from the sentences: none of them asks a rule or move of the product whether it is right,
because then a mutant of that rule would judge itself.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from gastown.domain.agent import Agent, AgentStatus, Role, RunEnd
from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.command import Command, CommandKind
from gastown.domain.config import FailedBlockers
from gastown.domain.container import ContainerState
from gastown.domain.convoy import Convoy, ConvoyState, MergeMode
from gastown.domain.ids import BeadId, CommandId
from gastown.domain.mail import Mail
from gastown.domain.nudge import Nudge
from gastown.domain.pull import MergeStrategy
from gastown.domain.review import Review, ReviewPhase
from gastown.domain.town import Town
from tests.simulation.watch import Facts, View

if TYPE_CHECKING:
    from tests.simulation.world import World

SILENCE = timedelta(seconds=90)
PAUSE = timedelta(seconds=15)
TIME_LIMIT = timedelta(hours=4)
ATTEMPTS, STARTS, REJECTIONS, ROUNDS, TRIES, LANDINGS = 5, 20, 3, 5, 8, 5
REQUESTS, TRIAGE_ROUNDS, STEPS = 5, 3, 3
TRANSIENT, INVALID = 10, 3
PUSHES, SESSIONS, JOB_FAULTS, EVENT_FAULTS, EFFECT_TRIES = 5, 5, 5, 3, 9
"""The bounds as the state machines' page has them, not as the product's constants say."""

ONCE = ("bead_failed:", "conflict:", "unhooked_done:")
"""Escalations whose cause can come only once."""


@dataclass(frozen=True, kw_only=True)
class Invariant:
    """One sentence that holds after every commit; `check` yields what contradicts it."""

    number: int
    sentence: str
    check: Callable[[View], Iterator[str]]


INVARIANTS: list[Invariant] = []


def invariant(
    number: int, sentence: str
) -> Callable[[Callable[[View], Iterator[str]]], Callable[[View], Iterator[str]]]:
    """List a check under its number."""

    def listed(check: Callable[[View], Iterator[str]]) -> Callable[[View], Iterator[str]]:
        INVARIANTS.append(Invariant(number=number, sentence=sentence, check=check))
        return check

    return listed


def _held(town: Town) -> dict[BeadId, Bead | Review]:
    return {**town.beads, **town.reviews}


@invariant(1, "One worker: an agent has at most one hook, work at most one agent, and both sides agree")
def one_worker(view: View) -> Iterator[str]:
    """Hooks point at live work that points back."""
    held = _held(view.town)
    for agent in view.town.agents.values():
        if agent.hook is not None and (agent.hook not in held or held[agent.hook].assignee != agent.id):
            yield f"{agent.name} is hooked to {agent.hook}, which does not point back"
    for work in held.values():
        agent_of = view.town.agents.get(work.assignee) if work.assignee else None
        if work.assignee is not None and (agent_of is None or agent_of.hook != work.id):
            yield f"{work.title} points at an agent that points elsewhere"


@invariant(2, "Working means a run: working, hooked and an open run go together; in progress means at work")
def working_means_a_run(view: View) -> Iterator[str]:
    """Status, hook and run of one agent, and the status of its bead."""
    for agent in view.town.agents.values():
        works, runs = agent.status in (AgentStatus.WORKING, AgentStatus.STALLED), agent.open_run is not None
        if works != (runs and agent.hook is not None) or (runs and agent.hook is None):
            yield f"{agent.name} is {agent.status} with hook {agent.hook} and an open run: {runs}"
    for bead in view.town.beads.values():
        agent_of = view.town.agents.get(bead.assignee) if bead.assignee else None
        at_work = agent_of is not None and agent_of.open_run is not None
        if (bead.status is BeadStatus.IN_PROGRESS) != at_work:
            yield f"{bead.title} is {bead.status}, and an agent works on it: {at_work}"
    for event in view.drained:
        yield from _refused_start(view, str(event.kind), event.data)


def _refused_start(view: View, kind: str, data: dict[str, object]) -> Iterator[str]:
    command = _command_of(view, data)
    if kind != "command_acked" or data["outcome"] != "refused" or command is None or command.agent_id is None:
        return
    agent = view.town.agents.get(command.agent_id)
    if command.kind is CommandKind.START and agent is not None and agent.dispatch == command.dispatch:
        if agent.open_run is not None:
            yield f"the start of {agent.name} was refused, and its run is still open"
        elif agent.run is not None and agent.run.ended is RunEnd.REFUSED:
            yield from _told_why(view, agent, str(data.get("error")))


def _told_why(view: View, agent: Agent, error: str) -> Iterator[str]:
    journal = view.world.store.rows[view.world.town_id]["JOURNAL", f"{view.town.version:020d}"].body
    hook = agent.run.hook if agent.run else None
    notes = [note for note in journal["notes"] if note["bead_id"] == hook and note["type"] == "status_changed"]
    if hook in view.town.beads and not any(error in str(note["metadata"]) for note in notes):
        yield f"the history does not say why the start of {agent.name} was refused: {notes}"


@invariant(3, "Terminal is final: what has ended is not live, and never changes")
def terminal_is_final(view: View) -> Iterator[str]:
    """Nothing that has ended is live; changes of what has ended are noticed by the watch."""
    live: list[Bead | Review | Convoy] = [
        *view.town.beads.values(), *view.town.reviews.values(), *view.town.convoys.values(),
    ]  # fmt: skip
    for work in live:
        over = work.is_over and not (isinstance(work, Convoy) and work.state is ConvoyState.CLOSED)
        if over or work.id in view.facts.finals:
            yield f"{work.title} has ended and is live"


@invariant(4, "In review means one live review of it that is not abandoned; a convoy has at most one landing")
def in_review_means_one_review(view: View) -> Iterator[str]:
    """Both directions, and landings."""
    judged = Counter(r.source_id for r in view.town.reviews.values() if r.source_id and not r.abandoned)
    for bead in view.town.beads.values():
        if judged[bead.id] != int(bead.status is BeadStatus.IN_REVIEW):
            yield f"{bead.title} is {bead.status} with {judged[bead.id]} reviews"
    alone = [r for r in view.town.reviews.values() if r.source_id is None and not r.is_adopted and not r.abandoned]
    landings = Counter(r.convoy_id for r in alone)
    yield from (f"convoy {convoy} has {many} landings" for convoy, many in landings.items() if many > 1)


@invariant(5, "Landed means a receipt, and the receipt names an approved sha that was really merged")
def landed_means_a_receipt(view: View) -> Iterator[str]:
    """For reviews, beads and convoys that end in this commit."""
    merged = {(m.sha, m.target) for m in view.world.git.merges}
    for one in view.ended.values():
        if isinstance(one, Review) and one.phase is ReviewPhase.MERGED:
            receipt = one.receipt
            outside = receipt is not None and receipt.outside and one.strategy is MergeStrategy.PR
            if receipt is None or not (outside or (one.id, receipt.sha) in view.facts.approved):
                yield f"{one.title} was merged without a receipt of an approved sha: {receipt}"
            elif (receipt.sha, receipt.target_branch) not in merged:
                yield f"{one.title} counts as merged, and git knows nothing of it"
        elif isinstance(one, Bead) and one.outcome == "merged" and one.replaced_by is None:
            receipts = [r for r in _ended_reviews(view) if r.source_id == one.id and r.phase is ReviewPhase.MERGED]
            if len(receipts) != 1:
                yield f"{one.title} is merged by {len(receipts)} reviews"


def _ended_reviews(view: View) -> list[Review]:
    return [one for one in view.ended.values() if isinstance(one, Review)]


@invariant(6, "Nothing merges that was not approved by an open run that named this very sha, with no fix open")
def nothing_merges_unapproved(view: View) -> Iterator[str]:
    """Looks at the moment of each approval, and at each merge command."""
    for review in [*view.town.reviews.values(), *_ended_reviews(view)]:
        old = view.before.reviews.get(review.id)
        stood = old is not None and old.phase in (ReviewPhase.MERGING, ReviewPhase.WATCHING)
        was = old.approved_sha if old is not None and stood else None
        if review.approved_sha is not None and was != review.approved_sha:
            if why := _not_approved(view, review):
                yield f"{review.title} goes to merge, but {why}"
            else:
                view.facts.approved.add((review.id, review.approved_sha))
    for command in view.town.commands.values():
        judged = view.town.reviews.get(command.review_id) if command.review_id else None
        if command.kind is CommandKind.MERGE and judged is not None and judged.approved_sha != judged.sha:
            yield f"{judged.title} is told to merge {judged.approved_sha}, and is of {judged.sha}"
    for review in view.town.reviews.values():
        if review.watch.is_merging and review.watch.is_asked and review.approved_sha != review.sha:
            yield f"{review.title} is to be merged at {review.approved_sha}, and is of {review.sha}"


def _not_approved(view: View, review: Review) -> str | None:
    if review.approved_sha != review.sha:
        return f"{review.approved_sha} was approved, not {review.sha}"
    if any(bead.parent_id == review.id for bead in view.town.beads.values()):
        return "a fix of it is open"
    if review.approved_by is None:
        judged = view.town.rules_for(review.rig_id).code_review and not review.is_adopted
        return "nobody approved it" if judged else None
    agent = view.before.agents.get(review.approved_by)
    run = agent.open_run if agent else None
    if run is None or run.hook != review.id:
        return "its refinery had no run on it"
    if review.approved_sha not in view.facts.said.get((review.approved_by, run.dispatch), []):
        return "its refinery said something else"
    return None


def check_merges(world: "World", facts: Facts) -> Iterator[tuple[int, str]]:
    """What git merged since the last look: approved, and each review once."""
    for merge in world.git.merges[facts.merges :]:
        if merge.outside:
            continue
        if (merge.review_id, merge.sha) not in facts.approved:
            yield 6, f"git merged {merge.sha} of {merge.review_id}, which nobody approved"
        if [m.review_id for m in world.git.merges].count(merge.review_id) > 1:
            yield 7, f"review {merge.review_id} was merged twice"
    facts.merges = len(world.git.merges)
    running = Counter(task.generation for task in world.runtime.tasks.values() if task.alive and not task.is_stopping)
    yield from ((15, f"generation {number} runs in {many} tasks") for number, many in running.items() if many > 1)


@invariant(7, "Merged once: a sha is merged into one branch once, and one review of a bead counts as merged")
def merged_once(view: View) -> Iterator[str]:
    """For reviews that end as merged; git's own merges are looked at after each step."""
    for review in _ended_reviews(view):
        if review.phase is ReviewPhase.MERGED and review.source_id:
            others = [
                body["entity"] for key, body in view.facts.finals.items()
                if body["kind"] == "review" and key != review.id
            ]  # fmt: skip
            if any(o["source_id"] == review.source_id and o["phase"] == "merged" for o in others):
                yield f"{review.title} is merged a second time"


@invariant(
    8, "A live agent is never stripped: no run ends as lost within 90 s of a sign of life, and no word is dropped"
)
def live_agents_are_never_stripped(view: View) -> Iterator[str]:
    """Runs that a tick ended by silence; and reports of open runs that were treated as late."""
    if not view.by_itself:
        return
    spoke = {(e.data.get("agent_id"), e.data.get("dispatch")) for e in view.drained}
    spoke |= {(c.agent_id, c.dispatch) for e in view.drained if (c := _command_of(view, e.data)) is not None}
    for agent in view.before.agents.values():
        run = agent.open_run
        if run is not None and _lost(view, agent, spoke=(agent.id, agent.dispatch) in spoke):
            alive = max(run.asked_at, view.facts.heard.get((agent.id, run.dispatch), run.asked_at))
            if view.now - alive < SILENCE:
                yield f"{agent.name} was declared lost {view.now - alive} after its last sign of life"
    for event in view.drained:
        if str(event.kind) == "agent_done":
            yield from _dropped_word(view, str(event.data["agent_id"]), event.data)


def _command_of(view: View, data: dict[str, object]) -> Command | None:
    return view.before.commands.get(CommandId(str(data.get("command_id"))))


def _lost(view: View, agent: Agent, *, spoke: bool) -> bool:
    """Whether a tick ended this agent's run because of silence, while its container was there."""
    old, new, after = view.before.container, view.town.container, view.town.agents.get(agent.id)
    same = old.generation == new.generation and old.state is new.state is ContainerState.READY
    run = agent.open_run
    if after is None or run is None or not same or run.generation != new.generation or _was_stopped(view, agent):
        return False
    if after.dispatch == agent.dispatch:
        return after.run is not None and after.run.ended is RunEnd.LOST
    return not spoke and agent.hook in _held(view.town)


def _was_stopped(view: View, agent: Agent) -> bool:
    """Whether it was stopped for what it did not do: two hours without activity, or four on one bead."""
    run = agent.open_run
    if run is None:
        return False
    return run.stalled_at is not None or view.now - (run.accepted_at or run.asked_at) >= TIME_LIMIT


def _dropped_word(view: View, agent_id: str, data: dict[str, object]) -> Iterator[str]:
    agent = next((a for a in view.before.agents.values() if a.id == agent_id), None)
    after = next((a for a in view.town.agents.values() if a.id == agent_id), None)
    if agent is None or after is None or agent.run is None or agent.dispatch != data["dispatch"]:
        return
    if agent.open_run is not None:
        ended = after.run.ended if after.run is not None and after.dispatch == agent.dispatch else None
        refused = [e for e in view.town.escalations.values() if e.id not in view.before.escalations]
        if ended in (RunEnd.LOST, RunEnd.COMPLETED) or any(
            e.source_agent == agent_id and e.cause.startswith("unhooked_done") for e in refused
        ):
            yield f"{agent.name} said done while its run was open, and it was taken as late"
    elif agent.role is Role.POLECAT and agent.run.ended in (RunEnd.LOST, RunEnd.COMPLETED):
        bead, now = view.before.beads.get(agent.run.hook), view.town.beads.get(agent.run.hook)
        waiting = bead is not None and bead.status is BeadStatus.OPEN and bead.assignee is None
        if waiting and now is not None and now.status is not BeadStatus.IN_REVIEW:
            yield f"{agent.name} said done late, nobody else had its bead, and its work was thrown away"


@invariant(9, "Stale changes nothing: a callback of an earlier turn does not end the mayor's present one")
def stale_changes_nothing(view: View) -> Iterator[str]:
    """The watch tries stale reports of runs, generations and merges on a copy of the town; this is the mayor's part."""
    old, new = view.before.mayor, view.town.mayor
    fired = [str(e.data["fired_at"]) for e in view.drained if str(e.kind) == "mayor_waiting" and e.data["fired_at"]]
    if not fired or old is None or new is None or old.working_since is None or old.dispatch != new.dispatch:
        return
    late = all(datetime.fromisoformat(at) < old.working_since for at in fired)
    if late and old.status is AgentStatus.WORKING and new.status is AgentStatus.WAITING:
        yield f"a callback of {fired} ended a turn that began at {old.working_since}"


@invariant(10, "Bounded: attempts, starts, rejections, rounds, tries, landings, places, and one escalation a cause")
def everything_is_bounded(view: View) -> Iterator[str]:
    """Counters of what is live, and escalations that were ever raised."""
    for bead in view.town.beads.values():
        if bead.attempts > ATTEMPTS or bead.total_attempts > STARTS or bead.rejections >= REJECTIONS:
            yield f"{bead.title}: {bead.attempts} attempts, {bead.total_attempts} starts, {bead.rejections} rejections"
    for review in view.town.reviews.values():
        most = TRIES if review.strategy is MergeStrategy.PR else TRIES - 1
        if review.rounds > ROUNDS or review.merge_tries > most or review.attempts > ATTEMPTS:
            yield f"{review.title}: {review.rounds} rounds, {review.merge_tries} tries, {review.attempts} attempts"
        if review.watch.transient >= TRANSIENT or review.watch.invalid >= INVALID:
            yield f"{review.title}: {review.watch.transient} transient refusals, {review.watch.invalid} unreadable"
    convoys = view.town.convoys.values()
    yield from (f"{convoy.title}: {convoy.landings} landings" for convoy in convoys if convoy.landings > LANDINGS)
    yield from _told_once(view)
    yield from _failures_are_told(view)
    yield from _places(view)
    yield from _triage(view.town)
    yield from _tries(view.town)


def _told_once(view: View) -> Iterator[str]:
    causes = Counter(escalation.cause for escalation in view.town.escalations.values())
    yield from (f"{cause} is escalated {many} times" for cause, many in causes.items() if many > 1)
    for raised in [e for e in view.town.escalations.values() if e.id not in view.before.escalations]:
        if raised.cause.startswith(ONCE) and view.facts.raised[raised.cause]:
            yield f"{raised.cause} is escalated again"


def _failures_are_told(view: View) -> Iterator[str]:
    for bead in [
        one for one in view.ended.values() if isinstance(one, Bead) and one.outcome in ("exhausted", "rejected")
    ]:
        told = [
            e for e in view.town.escalations.values() if e.bead_id == bead.id and e.id not in view.before.escalations
        ]
        if bead.is_triage_batch:
            continue
        if bead.replaced_by is None and not any(e.cause.startswith("bead_failed") for e in told):
            yield f"{bead.title} failed and nobody is told"
        if len([e for e in told if "failed" in e.title]) > 1:
            yield f"{bead.title} failed and is told {len(told)} times"


def _triage(town: Town) -> Iterator[str]:
    batches = [bead for bead in town.beads.values() if bead.is_triage_batch]
    asked = [request for request in town.triage.values() if request.type != "escalation"]
    about = Counter((request.agent_id, request.type) for request in asked)
    if len(batches) > 1 or len(asked) > REQUESTS or any(many > 1 for many in about.values()):
        yield f"{len(batches)} triage batches, {len(asked)} requests, {about}"
    if any(request.rounds > TRIAGE_ROUNDS for request in town.triage.values()):
        yield "a triage request goes from batch to batch"
    if any(escalation.re_escalations > STEPS for escalation in town.escalations.values()):
        yield "an escalation is raised more than three times again"


def _tries(town: Town) -> Iterator[str]:
    """What is tried again for words, the mayor, jobs, events and effects; an effect's last try is found dead once."""
    if town.mayor is not None and town.mayor.attempts > SESSIONS:
        yield f"{town.mayor.attempts} sessions of the mayor in a row came to nothing"
    messages: list[Nudge | Mail] = [*town.nudges.values(), *town.mail.values()]
    tried = {
        "a message": (PUSHES, [message.tries for message in messages]),
        "a job": (JOB_FAULTS, [job.failures for job in town.jobs.values()]),
        "an event": (EVENT_FAULTS - 1, [event.failures for event in town.inbox.values()]),
        "an effect": (EFFECT_TRIES, [effect.attempt for effect in town.effects.values()]),
    }
    for what, (most, counts) in tried.items():
        if counts and max(counts) > most:
            yield f"{what} was tried {max(counts)} times"


def _places(view: View) -> Iterator[str]:
    if not view.by_itself:
        return
    old, new = (Counter(a.rig_id for a in t.agents.values() if a.role is Role.POLECAT and a.hook)
                for t in (view.before, view.town))  # fmt: skip
    for rig_id, many in new.items():
        most = view.town.rules_for(rig_id).max_polecats if rig_id in view.town.rigs else many
        if many > max(most, old[rig_id]):
            yield f"{many} polecats work in a rig of {most} places"


@invariant(11, "Fixes belong: an open fix has a live review; a live review's source is in review")
def fixes_belong(view: View) -> Iterator[str]:
    """Both directions of a review's family."""
    for bead in view.town.beads.values():
        if bead.is_fix and bead.parent_id not in view.town.reviews:
            yield f"{bead.title} is a fix without a review"
    for review in view.town.reviews.values():
        source = view.town.beads.get(review.source_id) if review.source_id else None
        if review.source_id and not review.abandoned and (source is None or source.status is not BeadStatus.IN_REVIEW):
            yield f"{review.title} judges something that is not in review"


@invariant(12, "A convoy lands exactly when its beads are done by its setting, and as one if it lands as one")
def convoys_land_when_done(view: View) -> Iterator[str]:
    """Looks at convoys that land in this commit."""
    for convoy in [one for one in view.ended.values() if isinstance(one, Convoy) and one.state is ConvoyState.LANDED]:
        for member in convoy.beads:
            status = _status(view, member)
            released = view.town.config.failed_blockers is FailedBlockers.RELEASE
            if status is not BeadStatus.CLOSED and not (released and status is BeadStatus.FAILED):
                yield f"{convoy.title} landed while {member} was {status}"
        live = [r.title for r in view.town.reviews.values() if r.convoy_id == convoy.id and not r.is_landing]
        if live:
            yield f"{convoy.title} landed while {live} was under way"
        together = convoy.merge_mode is MergeMode.REVIEW_THEN_LAND
        if together and (convoy.receipt_sha is None or convoy.receipt_sha != convoy.feature_sha):
            yield f"{convoy.title} landed as one without the merge of {convoy.feature_sha}"


def _status(view: View, bead_id: BeadId) -> BeadStatus | None:
    if bead_id in view.town.beads:
        return view.town.beads[bead_id].status
    body = view.facts.finals.get(bead_id)
    return BeadStatus(body["entity"]["status"]) if body else None


@invariant(13, "What waits, waits: nothing starts that is held, blocked, or in a convoy that does not run")
def nothing_starts_that_waits(view: View) -> Iterator[str]:
    """Looks at the runs that this commit opened; reasons to wait are looked at when a tick is over."""
    for bead in _started(view):
        convoy = view.town.convoys.get(bead.convoy_id) if bead.convoy_id else None
        if bead.is_held or (convoy is not None and convoy.state is not ConvoyState.ACTIVE):
            yield f"{bead.title} was started although it is held or its convoy does not run"
        released = view.town.config.failed_blockers is FailedBlockers.RELEASE
        for blocker in bead.blockers:
            status = _status(view, blocker)
            if status not in (None, BeadStatus.CLOSED) and not (released and status is BeadStatus.FAILED):
                yield f"{bead.title} was started although {blocker}, which it waits for, is {status}"


def _started(view: View) -> Iterator[Bead]:
    for agent in view.town.agents.values():
        old, run = view.before.agents.get(agent.id), agent.open_run
        bead = view.town.beads.get(run.hook) if run else None
        if run is not None and bead is not None and (old is None or old.dispatch != run.dispatch):
            yield bead


@invariant(15, "Numbers only rise, and the same bead is never dispatched twice within 15 s")
def numbers_only_rise(view: View) -> Iterator[str]:
    """Generations, dispatch numbers, merge attempts; and the pause between two starts of one bead."""
    before, town, facts = view.before, view.town, view.facts
    if town.container.generation < before.container.generation or town.version != before.version + 1:
        yield f"generation {before.container.generation} became {town.container.generation}"
    for agent_id in before.agents.keys() & town.agents.keys():
        if town.agents[agent_id].dispatch < before.agents[agent_id].dispatch:
            yield f"{town.agents[agent_id].name}'s dispatch number fell"
    for event in view.drained:
        hook = next((a.hook for a in before.agents.values() if a.id == event.data.get("agent_id")), None)
        if hook is not None and event.data.get("reason") == "container eviction":
            facts.excused.add(hook)
    evicted = (a.run for a in town.agents.values() if a.run and a.run.ended is RunEnd.EVICTED)
    facts.excused.update(run.hook for run in evicted if run.ended_at == view.now)
    for bead in _started(view):
        last = facts.started.get(bead.id)
        if last is not None and view.now - last < PAUSE and bead.id not in facts.excused:
            yield f"{bead.title} was started again after {view.now - last}"
        facts.started[bead.id] = view.now
        facts.excused.discard(bead.id)
