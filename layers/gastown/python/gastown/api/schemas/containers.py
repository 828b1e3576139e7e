"""Bodies of the requests that containers make; unknown fields are ignored, so towns understand newer containers."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from gastown.api.schemas.agents import Sha
from gastown.api.schemas.body import Body
from gastown.domain.limits import MAX_SNAPSHOT_BYTES
from gastown.domain.merge_status import MergeStatus

Name = Annotated[str, Field(min_length=1, max_length=200)]


class RegistrationBody(Body):
    """A container introduces itself by its boot code."""

    generation: Annotated[int, Field(ge=1)]
    code: Name
    instance_id: Name


class RefreshBody(Body):
    """A token did not work: `failed` is its SHA-256 in hexadecimal digits, so that it does not come again."""

    failed: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""


class SightingBody(Body):
    """One agent that runs in the container."""

    agent_id: Name
    dispatch: Annotated[int, Field(ge=1)]
    activity: dict[str, Any] | None = None
    saved_sha: Sha | None = None


class HeartbeatBody(Body):
    """Everybody who runs in the container."""

    generation: Annotated[int, Field(ge=1)]
    agents: Annotated[list[SightingBody], Field(max_length=200)] = Field(default=[])


class AckBody(Body):
    """Whether a command was taken, and when, by the container's clock."""

    outcome: Literal["accepted", "refused"]
    cause: Literal["infrastructure", "invalid", "draining", "capacity", "stale"] | None = None
    error: str | None = None
    at: AwareDatetime | None = None


class GateBody(Body):
    """One gate as it ended."""

    command: str
    exit_code: int
    seconds: float = 0
    output: str = ""


class MergeReportBody(Body):
    """How a merge attempt ended."""

    review_id: Name
    attempt: Annotated[int, Field(ge=1)]
    status: MergeStatus
    commit_sha: str | None = None
    tree: str | None = None
    head: str | None = None
    gates: list[GateBody] = Field(default=[])
    message: str = ""


class SetupReportBody(Body):
    """How the setup of a rig's repository ended."""

    status: Literal["ready", "failed"]
    message: str = ""
    rig_id: str | None = None


class SavedWorkBody(Body):
    """Refs of saved work that a rig's remote has."""

    refs: Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=100)]


class CredentialsBody(Body):
    """The run that needs credentials."""

    dispatch: Annotated[int, Field(ge=1)]


class SnapshotBody(Body):
    """A copy of an agent's session database, as large as it will be when it comes."""

    program: Literal["kilo", "opencode"]
    bytes: Annotated[int, Field(ge=1, le=MAX_SNAPSHOT_BYTES)]
