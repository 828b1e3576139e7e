"""How a story speaks with its town's mayor, and what it sees come of it."""

from tests.e2e.story import Story


def say(story: Story, words: str) -> str:
    """Say something to the mayor; where its session stood."""
    said = story.api.call("POST", f"/api/towns/{story.town_id}/mayor/message", {"message": words})
    return str(said["sessionStatus"])


def convoys(story: Story) -> list[dict[str, object]]:
    """The town's convoys that are under way."""
    found: list[dict[str, object]] = story.api.call("GET", f"/api/towns/{story.town_id}/convoys")
    return found


def conversation(story: Story, role: str) -> str:
    """All that one side said."""
    turns = story.api.call("GET", f"/api/towns/{story.town_id}/mayor/conversation")
    return "\n".join(turn["text"] for turn in turns if turn["role"] == role)


def is_idle(story: Story) -> bool:
    """Whether the mayor's session is over."""
    session = story.api.call("GET", f"/api/towns/{story.town_id}/mayor/status")["session"]
    return session is not None and session["status"] == "idle"
