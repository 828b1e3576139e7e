"""The house's metrics: a name that is not here is not written, and the dashboard shows none that is not here.

Each has the dimensions service and stage, and some have `kind`. Every value of a dimension is a metric that is paid
for, so a town is none: its id stands beside the values in the log line.
"""

from enum import StrEnum


class Metric(StrEnum):
    """Counts, if the name does not say otherwise."""

    TICK_MS = "tick_ms"
    """Wall time of a tick, from its load to its last signal; one sample a tick."""
    PENDING_EVENTS = "pending_events"
    """Events that wait in the town's inbox after a tick."""
    EVENTS_APPLIED = "events_applied"
    ACTIONS = "actions"
    DISPATCHES = "dispatches"
    """Runs of agents that were asked for."""
    ESCALATIONS_OPENED = "escalations_opened"
    """By ticks and by agents who call for help; one that is raised again is not opened again."""
    COMMIT_RETRIES = "commit_retries"
    """Tries of a tick's commit after the first: somebody else had committed, or the answer was lost."""
    TICK_FAILURES = "tick_failures"
    """Events that could not be applied, and ticks that found no rest."""
    TICKS_FAILED = "ticks_failed"
    TICKS_POSTPONED = "ticks_postponed"
    """Ticks whose messages come again, because storage did not answer."""
    PR_POLL_FAILED = "pr_poll_failed"
    PR_AWAITING_APPROVAL = "pr_awaiting_approval"
    PR_APPROVAL_RESOLVED = "pr_approval_resolved"

    UNREADABLE_MESSAGES = "unreadable_messages"
    SIGNALS_UNSENT = "signals_unsent"
    STEPS_FAILED = "steps_failed"
    EFFECTS_RETRY = "effects_retry"
    EFFECTS_FAILED = "effects_failed"
    EFFECTS_CRASHED = "effects_crashed"
    OVERDUE_TOWNS = "overdue_towns"
    STUCK_TOWNS = "stuck_towns"

    TOKENS_MINTED = "tokens_minted"
    TOKENS_RENEWED = "tokens_renewed"
    MAYOR_DECISION = "mayor.ensure_decision"

    CONTAINER_REGISTERED = "container.registered"
    """This and all that follow are durations in milliseconds, as containers tell them."""
    CONTAINER_FIRST_BEAT = "container.first_beat"
    CONTAINER_DRAINED = "container.drained"
    STARTUP_PHASE = "agent.startup_phase"
    STARTUP_COMPLETE = "agent.startup_complete"
    PREWARM_COMPLETE = "mayor.prewarm_complete"
    SESSION_READY = "mayor.session_ready"


TOLD_BY_CONTAINERS = frozenset(
    {
        Metric.CONTAINER_REGISTERED,
        Metric.CONTAINER_FIRST_BEAT,
        Metric.CONTAINER_DRAINED,
        Metric.STARTUP_PHASE,
        Metric.STARTUP_COMPLETE,
        Metric.PREWARM_COMPLETE,
        Metric.SESSION_READY,
    }
)
"""Events of containers whose duration is a metric; others are kept and not measured, for a name may be anything."""

DURATIONS = TOLD_BY_CONTAINERS | {Metric.TICK_MS}
"""In milliseconds; all others are counts."""

KINDED = TOLD_BY_CONTAINERS | {
    Metric.PR_POLL_FAILED,
    Metric.SIGNALS_UNSENT,
    Metric.EFFECTS_RETRY,
    Metric.EFFECTS_FAILED,
    Metric.TOKENS_MINTED,
    Metric.TOKENS_RENEWED,
    Metric.MAYOR_DECISION,
}
"""Those with the dimension `kind`; who writes them takes its values from a closed set."""
