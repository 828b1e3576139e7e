"""The one policy of everything that is tried again: how often at most, and how long to wait each time.

Whatever the town repeats by itself counts its tries in the state and asks its policy here. So each loop of states has a
number that only rises until its bound, and ends (`tests/simulation/measures.py` looks at every commit for that).
"""

from dataclasses import dataclass
from datetime import timedelta

from gastown.domain.limits import (
    CONTAINER_GIVE_UP,
    DISPATCH_BACKOFF,
    LANDING_BACKOFF,
    LANDING_BACKOFF_MAX,
    MAX_ATTEMPTS,
    MAX_EVENT_FAILURES,
    MAX_INVALID_POLLS,
    MAX_JOB_FAILURES,
    MAX_LANDINGS,
    MAX_MAYOR_ATTEMPTS,
    MAX_MERGE_TRIES,
    MAX_PUSHES,
    MAX_REJECTIONS,
    MAX_REVIEW_ROUNDS,
    MAX_SAYINGS,
    MAX_TOTAL_ATTEMPTS,
    MAX_TRANSIENT_POLLS,
    MAX_TRIAGE_ROUNDS,
    MAYOR_BACKOFF,
    MERGE_RACE_BACKOFF,
    POLL_INTERVAL,
    PUSH_BACKOFF,
    RUN_TASK_BACKOFF,
    RUN_TASK_BACKOFF_MAX,
    TRIAGE_COOLDOWN,
)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """At most so many tries; `waits` by the tries that were used, the last one holds from there on."""

    most: int
    waits: tuple[timedelta, ...]

    def is_over(self, used: int) -> bool:
        """Whether no try is left."""
        return used >= self.most

    def wait(self, used: int) -> timedelta:
        """How long to wait before the next try after this many."""
        return self.waits[min(used, len(self.waits) - 1)]


def doubling(first: timedelta, most: int, longest: timedelta | None = None) -> tuple[timedelta, ...]:
    """Nothing before the first try, then waits that double, up to the longest."""
    steps = [first * 2**step for step in range(most)]
    return (timedelta(0), *(min(step, longest) if longest else step for step in steps))


STARTS = Policy(most=MAX_ATTEMPTS, waits=DISPATCH_BACKOFF)
"""Of one bead or review, since it was last reset; a rig may allow fewer."""

ALL_STARTS = Policy(most=MAX_TOTAL_ATTEMPTS, waits=DISPATCH_BACKOFF)
"""Of one bead, those included that were given back."""

REJECTIONS = Policy(most=MAX_REJECTIONS, waits=DISPATCH_BACKOFF)
ROUNDS = Policy(most=MAX_REVIEW_ROUNDS, waits=(timedelta(0),))
"""Of fixes of one review; the next one is not waited for."""

MERGES = Policy(most=MAX_MERGE_TRIES, waits=(timedelta(0), *MERGE_RACE_BACKOFF))
"""Of one approval: lost push races, and merges that a provider refused although it called the request mergeable."""

LANDINGS = Policy(most=MAX_LANDINGS, waits=doubling(2 * LANDING_BACKOFF, 6, LANDING_BACKOFF_MAX))
CONTAINERS = Policy(most=CONTAINER_GIVE_UP, waits=doubling(RUN_TASK_BACKOFF, 6, RUN_TASK_BACKOFF_MAX))
"""In a row that were refused or lost before they did anything."""

SESSIONS = Policy(most=MAX_MAYOR_ATTEMPTS, waits=doubling(MAYOR_BACKOFF, MAX_MAYOR_ATTEMPTS))
"""Of the mayor, in a row that came to nothing."""

SAYINGS = Policy(most=MAX_SAYINGS, waits=(timedelta(0),))
"""Of the same words to the mayor, whose session died over them."""

PUSHES = Policy(most=MAX_PUSHES, waits=doubling(PUSH_BACKOFF, MAX_PUSHES + 1))
"""Of one nudge or letter that its agent's container refused."""

EVENTS = Policy(most=MAX_EVENT_FAILURES, waits=(timedelta(0),))
"""Ticks in which one event raised."""

JOBS = Policy(most=MAX_JOB_FAILURES, waits=DISPATCH_BACKOFF)
"""Slices of one job in a row that raised."""

BATCHES = Policy(most=MAX_TRIAGE_ROUNDS, waits=(TRIAGE_COOLDOWN,))
"""Of triage that may leave one request unanswered."""

TRANSIENT_POLLS = Policy(most=MAX_TRANSIENT_POLLS, waits=(POLL_INTERVAL,))
INVALID_POLLS = Policy(most=MAX_INVALID_POLLS, waits=(POLL_INTERVAL,))
