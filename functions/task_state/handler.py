"""The door of ECS and Step Functions events: each becomes a town event."""

from gastown.workers.task_state import handle as handler

__all__ = ["handler"]
