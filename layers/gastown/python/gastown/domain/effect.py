"""An effect: something to do outside, written in the commit that decided it (transactional outbox)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gastown.domain.ids import EffectId


class EffectKind(StrEnum):
    """What the `effects` door can perform; `usecases/perform_effect.py` has a table of keys, limits and retries."""

    RUN_TASK = "run_task"
    STOP_TASK = "stop_task"
    CHECK_TASK = "check_task"
    START_EXECUTION = "start_execution"
    STOP_EXECUTION = "stop_execution"
    ANSWER_WAIT = "answer_wait"
    OPEN_PULL = "open_pull"
    POLL_PULL = "poll_pull"
    MERGE_PULL = "merge_pull"
    MAKE_BRANCH = "make_branch"


@dataclass(kw_only=True)
class Effect:
    """One effect with what it needs to be performed; its lease and attempts belong to the worker that claims it."""

    id: EffectId
    kind: EffectKind
    created_at: datetime
    arguments: dict[str, object] = field(default_factory=dict)
    attempt: int = 0
    lease_until: datetime | None = None


@dataclass(kw_only=True)
class Wait:
    """A state machine's task token that waits for an answer; the token itself stays out of journal, API and log."""

    key: str
    convoy_id: str
    step: str
    bead_id: str | None
    token: str
    registered_at: datetime
    answered: bool = False
