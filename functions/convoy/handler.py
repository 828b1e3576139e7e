"""The convoy state machine's door: one step waits in the town, or is answered at once."""

from gastown.workers.convoy import handle as handler

__all__ = ["handler"]
