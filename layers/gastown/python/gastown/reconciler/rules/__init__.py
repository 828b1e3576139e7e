"""The rules, in order: the table of contents of what a town does by itself.

Each rule is a generator of its file's name. Rules of one stage touch different things, so their actions do not
disturb each other; a tick applies the actions of the first stage that has any and decides again.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from gastown.domain.town import Town
from gastown.reconciler.actions import Action
from gastown.reconciler.rules.answer_known_waits import answer_known_waits
from gastown.reconciler.rules.approve_unreviewed_reviews import approve_unreviewed_reviews
from gastown.reconciler.rules.assign_queued_reviews import assign_queued_reviews
from gastown.reconciler.rules.assign_ready_beads import assign_ready_beads
from gastown.reconciler.rules.climb_stuck_ladder import climb_stuck_ladder
from gastown.reconciler.rules.dispatch_hooked_agents import dispatch_hooked_agents
from gastown.reconciler.rules.drain_idle_container import drain_idle_container
from gastown.reconciler.rules.end_lost_sessions import end_lost_sessions
from gastown.reconciler.rules.end_needless_batches import end_needless_batches
from gastown.reconciler.rules.end_overdue_runs import end_overdue_runs
from gastown.reconciler.rules.expire_container import expire_container
from gastown.reconciler.rules.expire_messages import expire_messages
from gastown.reconciler.rules.fail_exhausted_beads import fail_exhausted_beads
from gastown.reconciler.rules.free_stalled_agents import free_stalled_agents
from gastown.reconciler.rules.hand_over_unanswered_triage import hand_over_unanswered_triage
from gastown.reconciler.rules.land_convoys import land_convoys
from gastown.reconciler.rules.lose_orphaned_runs import lose_orphaned_runs
from gastown.reconciler.rules.lose_silent_runs import lose_silent_runs
from gastown.reconciler.rules.make_feature_branches import make_feature_branches
from gastown.reconciler.rules.merge_approved_reviews import merge_approved_reviews
from gastown.reconciler.rules.merge_green_pull_requests import merge_green_pull_requests
from gastown.reconciler.rules.open_pull_requests import open_pull_requests
from gastown.reconciler.rules.open_triage_batch import open_triage_batch
from gastown.reconciler.rules.poll_pull_requests import poll_pull_requests
from gastown.reconciler.rules.push_messages import push_messages
from gastown.reconciler.rules.queue_fixed_reviews import queue_fixed_reviews
from gastown.reconciler.rules.raise_unanswered_escalations import raise_unanswered_escalations
from gastown.reconciler.rules.refresh_mayor_settings import refresh_mayor_settings
from gastown.reconciler.rules.release_unready_hooks import release_unready_hooks
from gastown.reconciler.rules.reopen_unattended_beads import reopen_unattended_beads
from gastown.reconciler.rules.report_crash_loops import report_crash_loops
from gastown.reconciler.rules.start_wanted_container import start_wanted_container
from gastown.reconciler.rules.start_wanted_mayor import start_wanted_mayor
from gastown.reconciler.rules.suspect_silent_container import suspect_silent_container

Rule = Callable[[Town, datetime], Iterable[Action]]

STAGES: tuple[tuple[Rule, ...], ...] = (
    (expire_container,),
    (lose_orphaned_runs,),
    (suspect_silent_container,),
    (lose_silent_runs, end_lost_sessions),
    (end_overdue_runs,),
    (free_stalled_agents,),
    (climb_stuck_ladder,),
    (reopen_unattended_beads,),
    (fail_exhausted_beads,),
    (queue_fixed_reviews,),
    (approve_unreviewed_reviews, make_feature_branches),
    (
        report_crash_loops,
        raise_unanswered_escalations,
        end_needless_batches,
        hand_over_unanswered_triage,
        open_triage_batch,
    ),
    (release_unready_hooks,),
    (assign_ready_beads, assign_queued_reviews),
    (start_wanted_container, drain_idle_container),
    (dispatch_hooked_agents, merge_approved_reviews, start_wanted_mayor),
    (merge_green_pull_requests,),
    (open_pull_requests, poll_pull_requests),
    (refresh_mayor_settings, push_messages, expire_messages),
    (land_convoys,),
    (answer_known_waits,),
)

RULES: tuple[Rule, ...] = tuple(rule for stage in STAGES for rule in stage)
