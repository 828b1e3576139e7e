"""The mutants: each takes one fix out of the house, so that a bug of the reference, or a relative of it, is back.

`REQ-6…` is a production bug of the requirements' group 6; 8.1 and 8.2 count the lists of known bugs in the reference's
reconciler (`facts/reconciler.md`). Every one has to make some seed fail: `make simulate-mutants` shows with which.
"""

from gastown.domain import (
    conversing,
    convoying,
    ending,
    fixing,
    gathering,
    housing,
    merging,
    nudging,
    patrolling,
    polling,
    pull_merging,
    redoing,
    reporting,
    warning,
    watching,
)
from gastown.domain.town import Town
from gastown.reconciler import order, signs, troubles, wake_ups
from gastown.reconciler.rules.assign_ready_beads import assign_ready_beads
from gastown.reconciler.rules.dispatch_hooked_agents import dispatch_hooked_agents
from gastown.reconciler.rules.land_convoys import _land, land_convoys
from gastown.reconciler.rules.lose_silent_runs import lose_silent_runs
from gastown.reconciler.rules.release_unready_hooks import release_unready_hooks
from gastown.usecases import container_effects, reconcile_town, sweep, town_items
from gastown.usecases.reconcile_town import Reconciler
from gastown.usecases.unit_of_work import UnitOfWork
from tests.simulation.mutation import Cut, Mutant

MUTANTS = (
    # starts and lost runs
    Mutant(
        name="a refused start leaves its agent at work",
        bug="REQ-6.12, refused: not rolled back at once",
        seed=6,
        cuts=(Cut(function=reporting.refuse_start, old="if not run.is_open:", new="if run.is_open:"),),
    ),
    Mutant(
        name="an unknown start is rolled back",
        bug="REQ-6.1, 6.12: a start without an answer is taken as failed, and the container runs it",
        seed=1,
        cuts=(
            Cut(
                function=lose_silent_runs,
                old="now - alive >= STALE:",
                new="now - alive >= (STALE if agent.open_run.accepted_at else STALE / 9):",
            ),
            Cut(
                function=wake_ups._run_moments,
                old="alive + STALE",
                new="alive + (STALE if agent.open_run.accepted_at else STALE / 9)",
            ),
        ),
    ),
    Mutant(
        name="the reason of a refused start is dropped",
        bug="REQ-6.2: empty error strings hid an outage",
        seed=6,
        cuts=(Cut(function=reporting.refuse_start, old="({cause}): {error[:300]}", new=""),),
    ),
    Mutant(
        name="a dead agent is never reaped",
        bug="REQ-6.3: a working row leaks",
        seed=1,
        cuts=(Cut(function=lose_silent_runs, old="now - alive >= STALE", new="False"),),
    ),
    Mutant(
        name="a live agent is stripped",
        bug="REQ-6.4: hook taken from an agent that is younger than 90 s",
        seed=1,
        cuts=(
            Cut(function=lose_silent_runs, old=">= STALE", new=">= STALE * 2 / 3"),
            Cut(function=wake_ups._run_moments, old="alive + STALE", new="alive + STALE * 2 / 3"),
        ),
    ),
    Mutant(
        name="a heartbeat during the commit is overlooked",
        bug="REQ-6.4, its race: the agent spoke between load and commit",
        seed=6,
        cuts=(
            Cut(function=reconcile_town._rests_on, old="if not isinstance(action, LoseRun) or", new="if True or"),
        ),
    ),
    Mutant(
        name="late good work is thrown away",
        bug="8.2.21: done after the hook was lost is ignored, the work is done again",
        seed=1,
        cuts=(Cut(function=reporting._late_done, old="if run.ended not in LATE or", new="if True or"),),
    ),
    Mutant(
        name="a lost bead starts again at once",
        bug="8.1.12: no backoff, a 70 h runaway",
        seed=6,
        cuts=(Cut(function=ending.backoff, old="return STARTS", new="return 0 * STARTS"),),
    ),
    Mutant(
        name="starts have no cap",
        bug="8.1.12, 8.2.12: an endless cycle of starts",
        seed=58,
        cuts=(
            Cut(function=ending._requeue_bead, old="bead.attempts >= limit or", new="False or"),
            Cut(function=signs._may_start, old="bead.attempts < limit", new="bead.attempts < 99 * limit"),
        ),
    ),
    Mutant(
        name="refinery runs have no cap",
        bug="8.1.11: a refinery was dispatched again for ever",
        seed=22,
        cuts=(Cut(function=ending.requeue_review, old="if review.attempts >=", new="if review.attempts - 99 >="),),
    ),
    Mutant(
        name="a stale dispatch is accepted",
        bug="8.1.5: an older run speaks for a newer one",
        seed=1,
        cuts=(Cut(function=reporting.check_dispatch, old="or dispatch != agent.dispatch", new=""),),
    ),
    Mutant(
        name="two rules fire at once on a hook",
        bug="8.2.3: idle-hook cleanup and dispatch on one snapshot",
        seed=0,
        cuts=(Cut(function=release_unready_hooks, old="if not ready:", new="if ready or not ready:"),),
        together=(release_unready_hooks, dispatch_hooked_agents),
    ),
    Mutant(
        name="the rig's places are ignored",
        bug="8.2.4, 8.2.18: some dispatches ignored the cap",
        seed=24,
        cuts=(
            Cut(
                function=assign_ready_beads,
                old=" and busy[bead.rig_id] < town.rules_for(bead.rig_id).max_polecats",
                new="",
            ),
        ),
    ),
    # reviews and merges
    Mutant(
        name="an unhooked refinery's done merges",
        bug="REQ-6.5, 8.1.7: a pull request landed that was meant to be rejected",
        seed=58,
        cuts=(
            Cut(
                function=reporting._refuse_unhooked_approval,
                old="is not ReviewPhase.QUEUED:\n        return",
                new="is not ReviewPhase.QUEUED:\n        return\n    return approve(review, agent, moment)",
            ),
        ),
    ),
    Mutant(
        name="an exit counts before the done",
        bug="8.1.6: gt_done and completion race",
        seed=9,
        cuts=(
            Cut(
                function=order.in_order,
                old="return sorted(arrived, key=place)",
                new="return sorted(arrived, key=lambda event: event.kind is not EventKind.AGENT_COMPLETED)",
            ),
        ),
    ),
    Mutant(
        name="rework is not a gate",
        bug="8.2.1: done after asking for changes merges with the rework open",
        seed=1,
        cuts=(
            Cut(function=reporting.request_changes, old="end_run(town, agent, RunEnd.CHANGES, moment)", new="pass"),
            Cut(
                function=reporting._approve,
                old="if any(True for _ in town.fixes_of(review.id)):",
                new="if any(False for _ in town.fixes_of(review.id)):",
            ),
        ),
    ),
    Mutant(
        name="an approval of another sha counts",
        bug="8.2.23: merging fails open",
        seed=9,
        cuts=(Cut(function=reporting._approve, old="done.head_sha and done.head_sha != review.sha", new="False"),),
    ),
    Mutant(
        name="a moved branch merges as it is",
        bug="8.2.1: no re-review of what came after the approval",
        seed=108,
        cuts=(
            Cut(
                function=merging.apply_merge,
                old='withdraw(review, moment)\n            requeue_review(town, review, moment, reason="the branch '
                'moved after its approval")',
                new="review.approved_sha = review.sha",
            ),
        ),
    ),
    Mutant(
        name="an old merge outcome counts",
        bug="8.1.2: a transition that ignores where it comes from",
        seed=88,
        cuts=(Cut(function=merging.apply_merge, old=" or review.merge_attempt != outcome.attempt", new=""),),
    ),
    Mutant(
        name="a conflict counts as merged",
        bug="8.2.1: a done without a pull request always completed as merged",
        seed=1,
        cuts=(
            Cut(
                function=merging.apply_merge,
                old="case MergeStatus.MERGED | MergeStatus.ALREADY_MERGED:",
                new="case MergeStatus.MERGED | MergeStatus.ALREADY_MERGED | MergeStatus.CONFLICT:",
            ),
        ),
    ),
    Mutant(
        name="a merge leaves no receipt",
        bug="8.2.25: views that read an outcome show nothing",
        seed=0,
        cuts=(Cut(function=ending.merge_review, old="review.receipt = receipt\n", new="pass\n"),),
    ),
    Mutant(
        name="a closed bead's review goes on",
        bug="8.2.26: bead and review disagree",
        seed=43,
        cuts=(
            Cut(function=ending.end_bead, old="(review := town.review_of(bead.id))", new="(review := None)"),
        ),
    ),
    Mutant(
        name="fixes outlive their review",
        bug="8.1.9: events and work for things that are gone",
        seed=1,
        cuts=(Cut(function=ending.end_review, old="in list(town.fixes_of(review.id))", new="in []"),),
    ),
    # pull requests
    Mutant(
        name="a head pushed later is merged unreviewed",
        bug="8.2.1: no re-review of a request that moved",
        seed=9,
        cuts=(
            Cut(
                function=watching._moved,
                old='withdraw(review, moment)\n        requeue_review(town, review, moment, reason="the branch '
                'moved after its approval")',
                new="review.approved_sha = head",
            ),
        ),
    ),
    Mutant(
        name="transient refusals are never counted",
        bug="8.1.14: polling burnt the quota; REQ-5.14: never counted, retried for ever",
        seed=9,
        cuts=(Cut(function=polling.count_refusal, old="TRANSIENT_POLLS.is_over(after.transient)", new="False"),),
    ),
    Mutant(
        name="a refused merge is asked for again and again",
        bug="8.1.11: a loop that counts nothing",
        seed=83,
        cuts=(Cut(function=pull_merging.count_refused_merge, old="review.merge_tries += 1", new="pass"),),
    ),
    Mutant(
        name="nobody wakes for the next look at a request",
        bug="8.2.27: nothing polls it, so it never clears by itself",
        seed=0,
        cuts=(Cut(function=wake_ups._pull_moments, old="yield review.watch.next_at", new="yield from ()"),),
    ),
    Mutant(
        name="a request with open work is merged",
        bug="8.2.1: merged with feedback open",
        seed=1,
        cuts=(
            Cut(
                function=fixing.ask_for_fix,
                old="review.phase, review.updated_at = ReviewPhase.FIXING, moment.now\n    review.rounds += 1\n"
                "    withdraw(review, moment)",
                new="review.rounds += 1",
            ),
        ),
    ),
    # blockers and convoys
    Mutant(
        name="a failed blocker counts as done",
        bug="8.1.1: dependents start although their input never landed",
        seed=43,
        cuts=(Cut(function=Town.blocked_by, old="(released and status", new="(status"),),
    ),
    Mutant(
        name="a failed bead counts as progress",
        bug="8.1.1: a convoy lands with failed beads",
        seed=18,
        cuts=(Cut(function=convoying.is_complete, old='failed_blockers == "release"', new="failed_blockers"),),
    ),
    Mutant(
        name="held work is started",
        bug="8.2.22: a fast path around the guards",
        seed=13,
        cuts=(Cut(function=Town.is_ready, old="or bead.is_held or", new="or"),),
    ),
    Mutant(
        name="a stopped convoy goes on",
        bug="8.2.22: the same for a convoy that people stopped",
        seed=3,
        cuts=(Cut(function=Town.is_ready, old="convoy.state is not ConvoyState.ACTIVE", new="False"),),
    ),
    Mutant(
        name="landings without end",
        bug="8.1.13: landing reviews were made again and again",
        seed=1,
        cuts=(Cut(function=convoying.landings_left, old="not LANDINGS.is_over(convoy.landings)", new="True"),),
    ),
    Mutant(
        name="two landings at once",
        bug="8.1.13: no check for one under way",
        seed=1,
        cuts=(Cut(function=_land, old="town.landing_of(convoy.id) is not None or", new=""),),
    ),
    Mutant(
        name="a convoy is not counted again",
        bug="8.1.8: merge completion has to recount the convoy",
        seed=5,
        cuts=(
            Cut(
                function=ending.merge_review,
                old="convoy.feature_sha, convoy.updated_at = receipt.commit_sha, moment.now",
                new="pass",
            ),
        ),
    ),
    Mutant(
        name="work slips into a landing",
        bug="8.2.14: the landing step is not checked again",
        seed=219,
        cuts=(
            Cut(function=redoing.check_retry, old="or town.landing_of(convoy.id) is not None", new=""),
            Cut(function=gathering._check_open, old="if town.landing_of(convoy.id) is not None:", new="if not convoy:"),
            Cut(
                function=land_convoys,
                old="and is_complete(town, convoy)",
                new="and (convoy.receipt_sha or is_complete(town, convoy))",
            ),
        ),
    ),
    Mutant(
        name="a convoy's end leaves its execution waiting",
        bug="8.2.27: a flag that never clears by itself",
        seed=0,
        cuts=(Cut(function=convoying.finish_convoy, old="answer_wait(town, wait.key, moment)", new="pass"),),
    ),
    # containers
    Mutant(
        name="a superseded container is let in",
        bug="8.2.6: an old container and its replacement",
        seed=281,
        cuts=(
            Cut(
                function=housing.register,
                old="generation != container.generation or container.state is ContainerState.NONE",
                new="False",
            ),
        ),
    ),
    Mutant(
        name="an old container's end counts",
        bug="8.2.6: the same for its end",
        seed=9,
        cuts=(Cut(function=housing.stop_container, old="generation != container.generation or", new=""),),
    ),
    Mutant(
        name="an effect done twice starts two containers",
        bug="8.1.5: starting again what was started",
        seed=24,
        cuts=(
            Cut(function=container_effects.run_task, old="if found:", new="if not found and found:"),
            Cut(
                function=container_effects._start,
                old="client_token(errand.town_id, generation)",
                new="outside.uow.new_id()",
            ),
        ),
    ),
    # waking, storing, telling
    Mutant(
        name="a lost wake-up is not healed",
        bug="REQ-6.11, the other half: a town that nobody wakes",
        seed=18,
        cuts=(Cut(function=sweep.sweep, old="uow.directory.due_towns(now - GRACE, TOWNS)", new="[]"),),
    ),
    Mutant(
        name="a town wakes every five seconds",
        bug="REQ-6.11: idle towns on the 5 s loop",
        seed=0,
        cuts=(
            Cut(
                function=wake_ups.next_wake_up,
                old="return min(",
                new="return now + STALE / 18 if town.beads else min(",
            ),
        ),
    ),
    Mutant(
        name="waiting work keeps the town awake",
        bug="REQ-6.10, 8.2.16: held, blocked or staged work counts as active",
        seed=3,
        cuts=(
            Cut(
                function=signs.is_wanted,
                old="if any(agent.hook and",
                new="if town.beads or any(agent.hook and",
            ),
        ),
    ),
    Mutant(
        name="nobody wakes for the end of a backoff",
        bug="8.1.5: a 90 s dead zone",
        seed=1,
        cuts=(
            Cut(
                function=wake_ups._queue_moments,
                old="if (end := held_until(town, now, work)) is not None:",
                new="if (end := held_until(town, now, work)) is None:",
            ),
        ),
    ),
    Mutant(
        name="nobody wakes for a silent agent",
        bug="REQ-6.3: reaped only if something else happens",
        seed=1,
        cuts=(Cut(function=wake_ups._run_moments, old="yield alive + STALE", new="yield from ()"),),
    ),
    Mutant(
        name="an effect is announced once",
        bug="8.1.5: a crash between commit and effect",
        seed=0,
        cuts=(
            Cut(
                function=Reconciler._let_know,
                old="if effect.lease_until is None or effect.lease_until <= now",
                new="if key not in before.effects",
            ),
        ),
    ),
    Mutant(
        name="a lost answer is done again",
        bug="8.1.18: an operation that is not idempotent, repeated",
        seed=18,
        cuts=(Cut(function=UnitOfWork._is_ours, old="return row is not None and", new="return False and"),),
    ),
    Mutant(
        name="a torn load is believed",
        bug="8.2.19: half of what belongs together",
        seed=38,
        cuts=(Cut(function=town_items.decode, old="meta.digest != digest(", new="not meta and digest("),),
    ),
    Mutant(
        name="nobody is told of a failure",
        bug="8.2.7: conflict and failure escalations that do nothing",
        seed=58,
        cuts=(Cut(function=ending.fail_bead, old="    raise_escalation(", new="    return\n    raise_escalation("),),
    ),
    Mutant(
        name="the same thing is told again and again",
        bug="8.1.10: deduplication that fails, nudging every tick",
        seed=127,
        cuts=(Cut(function=warning.raise_escalation, old="return known", new="pass"),),
    ),
    Mutant(
        name="what has ended stays live",
        bug="8.2.13: terminal beads that transitions reach",
        seed=0,
        cuts=(Cut(function=ending.end_bead, old="del town.beads[bead.id]", new="pass"),),
    ),
    Mutant(
        name="a mayor that dies is started without end",
        bug="8.1.11: a start that costs nothing, for the mayor",
        seed=18,
        cuts=(Cut(function=conversing._back_off, old="mayor.attempts += 1", new="pass"),),
    ),
    Mutant(
        name="triage asks the same again and again",
        bug="8.1.22: endless triage loops in one town",
        seed=1,
        cuts=(Cut(function=patrolling.open_batch, old="request.rounds += 1", new="pass"),),
    ),
    Mutant(
        name="a stuck agent is told to stop again and again",
        bug="8.2.20: the stop is repeated every 5 s",
        seed=18,
        cuts=(Cut(function=troubles.steps_ahead, old=" or run.stalled_at is not None", new=""),),
    ),
    Mutant(
        name="delivered words are sent again",
        bug="8.2.8: two rows for a nudge, one of them never marked",
        seed=1,
        cuts=(
            Cut(function=nudging.settle_push, old='end_message(town, message, "delivered", moment)', new="pass"),
        ),
    ),
    Mutant(
        name="an old callback ends the mayor's turn",
        bug="REQ-6.7 to 6.9's neighbour: late callbacks of the mayor",
        seed=144,
        cuts=(Cut(function=conversing.end_turn, old="and not stale", new=""),),
    ),
)  # fmt: skip
"""Every mutant; a new one is one entry."""
