"""Reading values: a call, its refusal, its shape, and what was kept of the same answer before."""

import json
from typing import Final

from pydantic import ValidationError

from gastown.adapters.http.provider_http import Answer, Call, Conversation
from gastown.adapters.http.shapes import M, shaped
from gastown.domain.pull import HttpError, InvalidResponse
from gastown.ports.git_host import ResponseMemory

KEPT_BYTES: Final = 32_000
TAG_CHARACTERS: Final = 200


def fetch(conversation: Conversation, model: type[M], call: Call) -> M | HttpError | InvalidResponse:
    """Make a call and read its answer as `model`."""
    answer = conversation.send(call)
    return answer if isinstance(answer, HttpError) else shaped(conversation.provider, model, answer.body)


def look_up(
    conversation: Conversation, model: type[M], url: str, memory: ResponseMemory
) -> M | HttpError | InvalidResponse:
    """GET, unless it is what it was: then what was kept of it. GitHub counts no quota for a 304.

    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
    """
    tag, kept = _recalled(memory, model, url)
    answer = conversation.send(Call(method="GET", url=url, tag=tag))
    if isinstance(answer, HttpError):
        return answer
    if kept is not None and tag is not None and answer.status == 304:  # noqa: PLR2004 Not Modified
        return kept
    value = shaped(conversation.provider, model, answer.body)
    if not isinstance(value, InvalidResponse):
        _remember(memory, url, answer, value)
    return value


def _recalled(memory: ResponseMemory, model: type[M], url: str) -> tuple[str, M] | tuple[None, None]:
    """What was kept, if it still fits; what another version of this code kept is asked for anew."""
    before = memory.recall(url)
    if before is None:
        return None, None
    try:
        return before[0], model.model_validate(before[1])
    except ValidationError:
        return None, None


def _remember(memory: ResponseMemory, url: str, answer: Answer, value: M) -> None:
    tag = answer.headers.get("etag", "")
    kept = value.model_dump(mode="json")
    if tag and tag.isascii() and len(tag) <= TAG_CHARACTERS and len(json.dumps(kept)) <= KEPT_BYTES:
        memory.remember(url, tag, kept)
