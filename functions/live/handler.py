"""The WebSocket's door: containers connect here and are rung from here."""

from gastown.workers.live import handle as handler

__all__ = ["handler"]
