"""The WebSocket's door: containers connect here to be rung, and people to watch an agent."""

from gastown.workers.live import handle as handler

__all__ = ["handler"]
