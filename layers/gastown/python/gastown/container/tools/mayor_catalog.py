"""The mayor's tools: how it sees its town and turns what people want into work."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from pydantic import Field

from gastown.container.tools.catalog import (
    MAYOR,
    PRIORITIES,
    Call,
    Identity,
    MailParams,
    Nothing,
    NudgeParams,
    Params,
    Tool,
)


class RigParams(Params):
    """Which rig."""

    rig_id: str = Field(min_length=1, description="The rig's id")


class BeadsParams(RigParams):
    """Which beads of a rig."""

    status: str | None = Field(None, description="open, in_progress, in_review, closed or failed")


class RigBeadParams(RigParams):
    """Which bead of which rig."""

    bead_id: str = Field(min_length=1, description="The bead's id")


class SlingParams(RigParams):
    """One piece of work."""

    title: str = Field(min_length=1, max_length=500, description="The work in one line")
    body: str | None = Field(None, description="All that an agent needs to do it alone")
    priority: str = Field("medium", pattern=PRIORITIES, description="low, medium, high or critical")
    labels: list[str] = Field(default_factory=list, description="Labels of your own")


class SlingBatchParams(RigParams):
    """Several pieces of work that land together."""

    convoy_title: str = Field(min_length=1, max_length=500, description="What they achieve together")
    tasks: list[dict[str, Any]] = Field(
        min_length=1, max_length=50, description="Each with title, body and depends_on: positions of earlier tasks"
    )
    merge_mode: str | None = Field(None, description="review-then-land or review-and-merge")
    staged: bool | None = Field(None, description="Wait for a start by a person")
    parallel: bool | None = Field(None, description="Say that several tasks without dependencies cannot conflict")


class BabysitParams(RigParams):
    """Somebody's pull request that the town looks after."""

    pr_url: str = Field(min_length=1, description="Its web address")
    title: str | None = Field(None, description="What it is about, if its own title does not say")
    body: str | None = Field(None, description="What agents should know when they mend it")
    force_push_allowed: bool = Field(default=False, description="Whether they may rewrite its branch")


class EditParams(RigBeadParams):
    """What to change about a bead; what is absent stays."""

    title: str | None = Field(None, description="A new title")
    body: str | None = Field(None, description="A new text")
    priority: str | None = Field(None, pattern=PRIORITIES, description="low, medium, high or critical")
    status: str | None = Field(None, description="closed, failed, or open to start over")
    labels: list[str] | None = Field(None, description="All labels of your own")
    depends_on: list[str] | None = Field(None, description="The ids of all beads that block it")


class ReassignParams(RigBeadParams):
    """Who is to do a bead."""

    agent_id: str = Field(min_length=1, description="An idle polecat of the rig")


class RigAgentParams(RigParams):
    """Which agent of which rig."""

    agent_id: str = Field(min_length=1, description="The agent's id")


class ConvoyParams(Params):
    """Which convoy."""

    convoy_id: str = Field(min_length=1, description="The convoy's id")


class ConvoyBeadParams(ConvoyParams):
    """Which bead of which convoy."""

    bead_id: str = Field(min_length=1, description="The bead's id")


class SubjectParams(Params):
    """Anything that has an id in the town."""

    subject_id: str = Field(min_length=1, description="The id of a bead, convoy, agent, message or escalation")


class EscalationParams(Params):
    """Which escalation."""

    escalation_id: str = Field(min_length=1, description="The escalation's id")


def _call(method: str, path: str) -> Callable[[Identity, dict[str, Any]], Call]:
    """A call whose path takes its names out of the values; the rest is the body, or the query of a read."""

    def build(_: Identity, values: dict[str, Any]) -> Call:
        # What a model takes for an id may be anything: it has to stay one segment of the path.
        named = {name: quote(str(value), safe="") for name, value in values.items() if f"{{{name}}}" in path}
        rest = {name: value for name, value in values.items() if name not in named}
        filled = path.format(**named)
        if method == "GET":
            query = urlencode(rest)
            return Call(method=method, path=f"{filled}?{query}" if query else filled, of_mayor=True)
        return Call(method=method, path=filled, body=rest, of_mayor=True)

    return build


BEAD = "rigs/{rig_id}/beads/{bead_id}"
ROWS: tuple[tuple[str, str, type[Params], str, str], ...] = (
    ("rigs", "The rigs of the town.", Nothing, "GET", "rigs"),
    ("beads", "The beads of a rig, newest first.", BeadsParams, "GET", "rigs/{rig_id}/beads"),
    ("bead show", "One bead with its text.", RigBeadParams, "GET", BEAD),
    ("bead edit", "Change a bead.", EditParams, "PATCH", BEAD),
    (
        "bead reassign",
        "Give a bead to a certain agent.",
        ReassignParams,
        "POST",
        f"{BEAD}/reassign",
    ),
    (
        "bead retry",
        "Try a failed bead again, as a new one.",
        RigBeadParams,
        "POST",
        f"{BEAD}/retry",
    ),
    ("bead delete", "Delete a bead.", RigBeadParams, "DELETE", BEAD),
    ("sling", "Create one piece of work.", SlingParams, "POST", "rigs/{rig_id}/sling"),
    ("babysit-pr", "Look after an open pull request of a rig until it is merged.", BabysitParams, "POST", "babysit-pr"),
    ("sling-batch", "Create a convoy of several pieces of work.", SlingBatchParams, "POST", "sling-batch"),
    ("agents", "The agents of a rig.", RigParams, "GET", "rigs/{rig_id}/agents"),
    ("agent reset", "Cancel what an agent does.", RigAgentParams, "POST", "rigs/{rig_id}/agents/{agent_id}/reset"),
    ("convoys", "The convoys that are not over.", Nothing, "GET", "convoys"),
    ("convoy show", "One convoy with its beads.", ConvoyParams, "GET", "convoys/{convoy_id}"),
    ("convoy start", "Start a staged or stopped convoy.", ConvoyParams, "POST", "convoys/{convoy_id}/start"),
    ("convoy close", "Close a convoy and its beads.", ConvoyParams, "POST", "convoys/{convoy_id}/close"),
    ("convoy add", "Add an open bead to a convoy.", ConvoyBeadParams, "POST", "convoys/{convoy_id}/add-bead"),
    ("convoy remove", "Take a bead out of a convoy.", ConvoyBeadParams, "POST", "convoys/{convoy_id}/remove-bead"),
    ("explain", "Why something does not move, and what can be done.", SubjectParams, "GET", "explain/{subject_id}"),
    ("letter", "Write a letter to any agent.", MailParams, "POST", "mail"),
    ("say", "Say something short to any agent.", NudgeParams, "POST", "nudge"),
    ("acknowledge", "End an escalation.", EscalationParams, "POST", "escalations/{escalation_id}/acknowledge"),
)
"""Words, description, parameters, method and path of each."""

MAYOR_TOOLS: tuple[Tool, ...] = tuple(
    Tool(
        words=tuple(words.split()),
        description=description,
        params=params,
        build=_call(method, path),
        roles=frozenset({MAYOR}),
    )
    for words, description, params, method, path in ROWS
)
