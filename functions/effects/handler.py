"""The effects queue's door: claim one effect of a town, perform it, deliver its outcome."""

from gastown.workers.effects import handle as handler

__all__ = ["handler"]
