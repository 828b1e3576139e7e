"""From a body to the few fields that are read of it.

Fields and words that a model does not name are accepted: providers add them at any time.
"""

import json
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from gastown.domain.pull import InvalidResponse, Provider

KEYS_SHOWN: Final = 8
KEY_CHARACTERS: Final = 40


class Shape(BaseModel):
    """A part of an answer: what is read of it, and nothing else."""

    model_config = ConfigDict(extra="ignore", frozen=True)


M = TypeVar("M", bound=BaseModel)


def shaped(provider: Provider, model: type[M], body: bytes) -> M | InvalidResponse:
    """A body as `model`; `json_parse` when it is no JSON or null, `schema_mismatch` when it is another shape."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if value is None:
        return InvalidResponse(provider=provider, reason="json_parse")
    try:
        return model.model_validate(value)
    except ValidationError:
        names = list(value)[:KEYS_SHOWN] if isinstance(value, dict) else []
        keys = tuple(name[:KEY_CHARACTERS] for name in names)
        return InvalidResponse(provider=provider, reason="schema_mismatch", keys=keys)
