"""How a merge attempt ended: a word that the container says and the town understands."""

from enum import StrEnum


class MergeStatus(StrEnum):
    """How one merge attempt ended (design section 5)."""

    MERGED = "merged"
    ALREADY_MERGED = "already_merged"
    MOVED = "moved"
    CONFLICT = "conflict"
    GATE_FAILED = "gate_failed"
    PUSH_LOST = "push_lost"
    UNAVAILABLE = "unavailable"
