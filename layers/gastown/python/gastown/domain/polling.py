"""How often a provider may refuse before a review fails: the one rule that the poller itself runs (REQ-5.2 to 5.7).

| refusal | fails at the … in a row |
|---|---|
| no token, unrecognized URL, other host, HTTP error that asking again does not mend | 1st |
| unreadable answer | 3rd |
| 5xx, 429, rate limit, no answer at all | 10th |

Each counted refusal adds one to its own counter and puts the other back to 0.
"""

from dataclasses import dataclass

from gastown.domain.attempts import INVALID_POLLS, TRANSIENT_POLLS
from gastown.domain.pull import HttpError, InvalidResponse, Refusal


@dataclass(frozen=True, kw_only=True)
class Strikes:
    """Refusals in a row, of the two kinds that are counted."""

    transient: int = 0
    invalid: int = 0


def count_refusal(refusal: Refusal, before: Strikes) -> tuple[Strikes, bool]:
    """The counters after one more refusal, and whether the review fails by it."""
    match refusal:
        case HttpError(transient=True):
            after = Strikes(transient=before.transient + 1)
            return after, TRANSIENT_POLLS.is_over(after.transient)
        case InvalidResponse():
            after = Strikes(invalid=before.invalid + 1)
            return after, INVALID_POLLS.is_over(after.invalid)
        case _:
            return before, True
