"""The minute's door: wake the towns that are overdue and help the towns that are stuck half made."""

from gastown.workers.sweep import handle as handler

__all__ = ["handler"]
