"""The door of a town's life cycle: the only holder of table permissions."""

from gastown.workers.towns import handle as handler

__all__ = ["handler"]
