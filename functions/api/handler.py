"""The people's door: every HTTP route that no other door takes."""

from gastown.api.app import handle_people as handler

__all__ = ["handler"]
