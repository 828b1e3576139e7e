"""The wake and alarm queues' door: one tick for each town named in the batch."""

from gastown.workers.reconcile import handle as handler

__all__ = ["handler"]
