"""Bodies in which containers tell what happens: in agents' sessions, and on their own way up and down."""

import json
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from gastown.api.schemas.body import Body
from gastown.api.schemas.containers import Name

MAX_EVENTS = 100
"""Events in one batch."""
MAX_EVENT_BYTES = 64_000
"""Bytes of one event's data as JSON; a batch as a whole is bounded by the door's 1 MB."""


def _fits(data: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(data)) > MAX_EVENT_BYTES:
        raise ValueError(f"takes more than {MAX_EVENT_BYTES} bytes of JSON")
    return data


class HappeningBody(Body):
    """One event of a session; `sequence` counts within the dispatch."""

    sequence: Annotated[int, Field(ge=1, lt=10**9)]
    event_type: Annotated[str, Field(min_length=1, max_length=100)]
    created_at: AwareDatetime
    data: Annotated[dict[str, Any], AfterValidator(_fits)] = Field(default={})


class HappeningsBody(Body):
    """A batch of one dispatch, in order, each number once."""

    dispatch: Annotated[int, Field(ge=1, lt=10**9)]
    events: Annotated[list[HappeningBody], Field(min_length=1, max_length=MAX_EVENTS)]

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        numbers = [event.sequence for event in self.events]
        if numbers != sorted(set(numbers)):
            raise ValueError("events stand in the order of their sequence, each once")
        return self


class StepBody(Body):
    """One event of a container's own; durations in milliseconds, names as the reference has them."""

    sequence: Annotated[int, Field(ge=1, lt=10**9)]
    event: Name
    created_at: AwareDatetime
    agentId: Name | None = None  # noqa: N815 - the reference's name
    role: Name | None = None
    label: Name | None = None
    durationMs: float | None = None  # noqa: N815 - the reference's name
    phaseMs: float | None = None  # noqa: N815 - the reference's name
    elapsedMs: float | None = None  # noqa: N815 - the reference's name
    reason: Annotated[str, Field(max_length=1000)] | None = None

    def facts(self) -> dict[str, str | float]:
        """What it says beside its name and time."""
        return self.model_dump(exclude={"sequence", "event", "created_at"}, exclude_none=True)


class StepsBody(Body):
    """A batch of them."""

    events: Annotated[list[StepBody], Field(min_length=1, max_length=MAX_EVENTS)]
