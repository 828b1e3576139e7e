"""Bodies of the requests that agents make; unknown fields are ignored."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from gastown.api.schemas.body import Body

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Sha = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[0-9a-fA-F]{7,64}$")]


class DoneBody(Body):
    """An agent has pushed its work, or approves what it reviewed."""

    branch: Annotated[Words, Field(max_length=250)]
    head_sha: Sha | None = None
    pr_url: Annotated[str, Field(max_length=500)] | None = None
    summary: str | None = None


class ChangesBody(Body):
    """A refinery wants changes."""

    feedback: Words
    files: Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=200)] = Field(default=[])


class CheckpointBody(Body):
    """Anything that an agent wants to find again."""

    data: Any = None


class StatusBody(Body):
    """One line about what an agent is doing."""

    message: Annotated[Words, Field(max_length=280)]


class HookBody(Body):
    """The bead to work on."""

    bead_id: Words


class CompletedBody(Body):
    """How an agent's process ended, by its container's word."""

    status: Literal["completed", "failed"]
    dispatch: Annotated[int, Field(ge=1)]
    reason: str | None = None
    saved_sha: Sha | None = None
