"""Every number that a rule or an operation of a town rests on, once, with its unit and where it comes from.

What only a door or an adapter rests on (lives of tokens and rows, pages, tails of output) stands beside its use.
"""

from datetime import timedelta

HEARTBEAT = timedelta(seconds=30)
"""One heartbeat per container with all its agents (design section 2)."""

STALE = timedelta(seconds=90)
"""A run or container without a sign of life for this long is lost or suspected; 89.9 s is not (REQ-6.3, 6.4)."""

SILENT_CONTAINER_STOP = timedelta(minutes=5)
"""A container that ECS calls running but that stays silent this long is stopped and replaced (decision 0003)."""

BOOT_DEADLINE = timedelta(minutes=5)
"""From asking for a container to its registration (design section 3)."""

DRAIN_DEADLINE = timedelta(minutes=5)
"""A planned stop may take this long (design section 3)."""

IDLE_STOP = timedelta(minutes=5)
"""An unwanted container is kept this long (facts: idle stop threshold)."""

RUN_TASK_BACKOFF = timedelta(seconds=30)
"""First wait after a refused or lost container; doubles each time (state machines, container)."""

RUN_TASK_BACKOFF_MAX = timedelta(minutes=10)

MAX_SNAPSHOT_BYTES = 100_000_000
"""A compressed copy of an agent's session database (api facts, section 9: 100 MB by a presigned address)."""

REFUSALS_TOLD = 3
"""Starts of one bead or review in a row that infrastructure refused before a person is told (decision 0006)."""

CONTAINER_TOLD = 3
"""Containers in a row that did not come up before a person is told (reconciler facts, 9.2: three restarts)."""

CONTAINER_GIVE_UP = 148
"""Containers in a row that did not come up before the town waits for a person: a day of them, 10 min apart."""

DISPATCH_BACKOFF = tuple(timedelta(seconds=s) for s in (15, 30, 60, 120, 300, 600))
"""Wait before the next start of a bead or review, by attempts used; at least 15 s (facts: dispatch backoff)."""

MAX_ATTEMPTS = 5
"""Starts of one bead or review before it fails (facts: MAX_DISPATCH_ATTEMPTS)."""

MAX_TOTAL_ATTEMPTS = 20
"""Starts of one bead, given-back ones included (state machines, bead)."""

MAX_REJECTIONS = 3
"""Failed reviews of one bead before it fails (state machines, bead)."""

MAX_REVIEW_ROUNDS = 5
"""Fix rounds of one review before it fails (state machines, review)."""

MAX_MERGE_TRIES = 8
"""Lost push races of one approval before the review is queued again (state machines, review)."""

MERGE_RACE_BACKOFF = tuple(timedelta(seconds=s) for s in (2, 4, 8, 16, 30, 30, 30, 30))

MERGE_UNAVAILABLE_RETRY = timedelta(seconds=60)
"""Wait after a merge that could not reach the Git host or the container (state machines, review)."""

MERGE_GIVE_UP = timedelta(hours=24)
"""A merge that stays unavailable this long fails the review (state machines, review)."""

MERGE_REPORT_DEADLINE = timedelta(minutes=30)
"""A merge command without a report is asked again after this long; merging twice is harmless (already merged)."""

MAX_LANDINGS = 5
"""Landing reviews of one convoy (facts: landing attempts)."""

LANDING_BACKOFF = timedelta(seconds=30)
"""Landing wait is min(2^n x 30 s, 30 min) (facts: landing backoff)."""

LANDING_BACKOFF_MAX = timedelta(minutes=30)

MAX_POLECATS = 8
"""Default polecats of one rig at work at once (design section 9, row 8)."""

MAX_CONVOY_TASKS = 50
"""Tasks of one convoy (api facts: sling-batch)."""

MAX_TITLE = 500
"""Characters of a bead's title (api facts, section 9)."""

MAX_BODY_BYTES = 64 * 1024
"""Bytes of a bead's body (design section 7)."""

MAX_ANNOUNCED = 500
"""Characters of a held bead's body that the mayor is told (town facts, 2.8)."""

MAX_NUDGE = 2_000
"""Characters of a nudge that stay in its item; a longer one is a text of its own (design section 2: items of 4 KB)."""

NUDGE_LIFE = timedelta(hours=24)
"""A nudge that nobody took ends after this; a person's words to the mayor do not."""

MAIL_LIFE = timedelta(days=7)
"""A letter that nobody read ends after this."""

MAX_PUSHES = 5
"""Refused pushes of one message; after that it waits for its agent to ask, or for its end."""

PUSH_BACKOFF = timedelta(seconds=30)
"""First wait after a refused push; doubles each time."""

MAX_MESSAGES_PUSHED = 20
"""Messages that one command carries at most."""

MAYOR_BACKOFF = timedelta(seconds=15)
"""First wait after a session of the mayor that came to nothing; doubles each time."""

MAX_MAYOR_ATTEMPTS = 5
"""Sessions of the mayor in a row that came to nothing before a person is told."""

MAX_SAYINGS = 3
"""Sessions that may die over the same words before these end unanswered (design section 9, row 20)."""

MAX_CONTEXT = 10_000
"""Characters of what a person says that they look at (api facts, section 9)."""

MAX_KEPT_CONTEXT = 3_000
"""Bytes of it that lie in the mayor's item of the working set (design section 2)."""

MAX_CHECKPOINT = 3_000
"""Bytes of a checkpoint as JSON: it lies in the agent's item of the working set (design section 2)."""

MAX_SUMMARY = 2_000
"""Characters kept of the summary of a `done`."""

MAX_LEFT_WORK = 4
"""Runs whose work a bead remembers: each goes on from the one before, so an older one is a reserve (decision 0023)."""

EVICTION_DEADLINE = timedelta(minutes=7)
"""A container that ECS takes away may drain this long (state machines, container)."""

GATE_TIMEOUT = timedelta(minutes=10)
"""One gate command may run this long before its process group is killed."""

EFFECT_LEASE = timedelta(seconds=60)
"""An effect under way is not claimed by another worker for this long."""

MAX_EVENT_FAILURES = 3
"""Ticks in which applying one event may raise before it is set aside with an escalation (design section 2)."""

MAX_EFFECT_ATTEMPTS = 8
"""Tries of one effect before the town is told that it failed."""

COMMIT_ITEMS = 80
"""Items in one commit (design section 2)."""

TICK_ROUNDS = 16
"""Rounds of one tick; not getting quiet by then is an invariant violation (design section 2)."""

JOB_ITEMS = 50
"""Beads that one slice of a job deals with at most (design section 2: bounds)."""

JOB_WEIGHT = 60
"""Items that one slice changes at most, unless a single bead with all that points at it weighs more."""

MAX_JOBS = 20
"""Jobs that may wait in one town."""

MAX_JOB_FAILURES = 5
"""Slices of one job that may raise in a row before it is set aside with an escalation."""

MAX_BULK_IDS = 5_000
"""Ids of one bulk deletion (api facts, 4.12)."""

MAX_STEPS = 50
"""Steps of one molecule: they lie in one item of the working set (design section 2)."""

MAX_LABELS = 20
"""Labels of one bead: they lie in its item of the working set."""

MAX_LABEL = 100
"""Characters of one label."""

MAX_METADATA_BYTES = 2_000
"""Bytes of a bead's or escalation's metadata as JSON: it lies in its item of the working set."""

MAX_MEMBERS = 80
"""Members of one organisation: they lie in one item, and their rows are written in one transaction."""

MAX_RIG_AGENTS = 64
"""Agents of one rig, so that registering cannot fill the working set."""

MAX_TRIAGE_REQUESTS = 5
"""Open triage requests that are no escalations (reconciler facts, 3.9)."""

MAX_TRIAGE_ROUNDS = 3
"""Triage batches that may leave one request unanswered before a person is asked."""

MAX_BATCH = 20
"""Requests that one triage batch lists (reconciler facts, 3.8)."""

TRIAGE_COOLDOWN = timedelta(seconds=30)
"""From a triage batch that failed to the next one (reconciler facts, 3.8)."""

MAX_TRIAGE_NOTES = 2_000
"""Characters of what an answer to a triage request says."""

ESCALATION_STEP = timedelta(hours=4)
"""An escalation that nobody acknowledges is raised again after each such time (reconciler facts, 9.4)."""

MAX_RE_ESCALATIONS = 3
"""How often an escalation is raised again (reconciler facts, 9.4)."""

STUCK_WARN = timedelta(minutes=15)
"""An agent without activity and without a running tool is spoken to (reconciler facts, 3.5)."""

STUCK_ESCALATE = timedelta(hours=1)
"""An agent without activity is spoken to again, and triage is asked (reconciler facts, 3.5)."""

STUCK_STOP = timedelta(hours=2)
"""An agent without activity is told to stop (reconciler facts, 3.5)."""

HOOK_ORPHANED = timedelta(minutes=5)
"""An agent that is hooked this long without a run is counted as waiting in the town's status (town facts, 2.12)."""

STALLED_FREE = timedelta(minutes=30)
"""A stalled run that is still open after this long is lost (reconciler facts, 3.5: 2 h 30 min in all)."""

MAX_CRASHES = 3
"""Runs of one agent that come to nothing within `CRASH_WINDOW` before triage is asked (reconciler facts, 9.3)."""

CRASH_WINDOW = timedelta(minutes=30)

BREAKER_FAILURES = 20
"""Runs that came to nothing within `BREAKER_WINDOW` before nothing is started any more (reconciler facts, 1.7)."""

BREAKER_WINDOW = timedelta(minutes=30)

BEAD_TIME_LIMIT = timedelta(hours=4)
"""How long one run of a bead may take, unless its metadata says otherwise (reconciler facts, 9.3)."""

BEAD_TIME_LIMIT_MIN = timedelta(seconds=1)

BEAD_TIME_LIMIT_MAX = timedelta(days=7)
"""The longest limit that a bead may name, so that no typing error lets a run go on for ever."""

AGENT_KEPT = timedelta(hours=24)
"""A polecat or refinery without work is forgotten after this long without activity (reconciler facts, 3.6)."""

MAX_FORGOTTEN = 5
"""Agents that one commit forgets beside what it is for."""

POLL_INTERVAL = timedelta(seconds=60)
"""From one look at a pull request to the next (REQ-5.13)."""

SLOW_POLL_INTERVAL = timedelta(minutes=10)
"""The same while webhooks come in, and while a request waits for somebody else than its provider (design section 5)."""

WEBHOOK_GAP = timedelta(seconds=5)
"""A webhook has a pull request looked at once, but not sooner than this after the last look."""

WEBHOOKS_TRUSTED = timedelta(hours=24)
"""A rig whose repository sent a webhook within this time is looked at seldom."""

MAX_TRANSIENT_POLLS = 10
"""Transient refusals in a row before a review fails (REQ-5.3)."""

MAX_INVALID_POLLS = 3
"""Unreadable answers in a row before a review fails (REQ-5.4)."""

AUTO_MERGE_DELAY = 5
"""Minutes that a pull request has to stay green before its merge, unless a setting says otherwise (town facts, 2)."""

STALE_REQUEST = timedelta(hours=24)
"""A pull request to which nothing happens for this long is shown as stale (reconciler facts, 6.11)."""
