"""What the container reports of orders that end later than they are taken: merges and set-ups."""

from typing import Literal

from pydantic import Field

from gastown.container.payloads import Payload
from gastown.domain.merge_status import MergeStatus


class GateResult(Payload):
    """One gate as it ended; `output` is its tail, `seconds` its running time."""

    command: str
    exit_code: int
    seconds: float
    output: str = ""


class MergeOutcome(Payload):
    """What came of one merge attempt; `head` is the branch's head when it had moved."""

    review_id: str
    attempt: int
    status: MergeStatus
    commit_sha: str | None = None
    tree: str | None = None
    head: str | None = None
    gates: list[GateResult] = Field(default_factory=list)
    message: str = ""


class SetupOutcome(Payload):
    """What came of setting a rig up."""

    rig_id: str
    status: Literal["ready", "failed"]
    message: str = ""
