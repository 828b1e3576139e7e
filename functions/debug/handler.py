"""The operators' door: explain, replay and the local clock; deployed on the stages local and dev only."""

from gastown.api.debug import handle as handler

__all__ = ["handler"]
