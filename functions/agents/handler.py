"""The door of agents and containers: their HTTP routes, and nothing that a person calls."""

from gastown.api.app import handle_agents as handler

__all__ = ["handler"]
