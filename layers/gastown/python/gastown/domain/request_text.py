"""The text of a pull request that the platform opens, for the person who looks at it (source-control facts, 2.4).

Words of agents and of tasks stand in code blocks and code spans: there they link, mention, close and hide nothing.
"""

import re
from collections.abc import Callable, Iterator

from gastown.domain.agent import Agent, Role, slug
from gastown.domain.ids import short
from gastown.domain.review import Review
from gastown.domain.town import Town

TASK_SHOWN, LINE_SHOWN, LIST_SHOWN = 4_000, 200, 20
"""Characters of a task and of a line, and entries of a list: all of it stays far below GitHub's 65,536 characters."""


def request_text(town: Town, review: Review, task: str | None, clean: Callable[[str], str]) -> str:
    """What is asked for, who did it, how it was checked; `clean` takes secrets out of a text before it is cut."""
    parts = [
        *_task(town, review, task, clean),
        *_work(town, review, clean),
        *_convoy(town, review, clean),
        *_gates(town, review, clean),
        "Opened by Gastown; it merges this request when it is green and its review has approved the head.",
    ]
    return "\n\n".join(parts)


def _task(town: Town, review: Review, task: str | None, clean: Callable[[str], str]) -> Iterator[str]:
    if not review.source_id:
        return
    source = town.beads.get(review.source_id)
    yield f"Bead `{short(review.source_id)}`" + (f": {code_span(clean(source.title))}" if source else ".")
    if task:
        yield f"**Task**\n\n{code_block(clean(task))}"


def _work(town: Town, review: Review, clean: Callable[[str], str]) -> Iterator[str]:
    agent = _author(town, review)
    if agent is not None:
        model = town.rules_for(review.rig_id).model_of(Role.POLECAT.value)
        set_to = f"; model of this rig's polecats: {code_span(model)}" if model else ""
        yield f"Done by the polecat {code_span(agent.name)}{set_to}."
    if review.summary:
        yield f"**What its agent says**\n\n{code_block(clean(review.summary))}"


def _author(town: Town, review: Review) -> Agent | None:
    """Who did the work, by its branch: the platform names it after its agent, who is on other work by now."""
    polecats = (agent for agent in town.agents.values() if agent.role is Role.POLECAT and agent.rig_id == review.rig_id)
    return next((agent for agent in polecats if f"/gt/{slug(agent.name)}/" in f"/{review.branch}"), None)


def _convoy(town: Town, review: Review, clean: Callable[[str], str]) -> Iterator[str]:
    convoy = town.convoys.get(review.convoy_id) if review.convoy_id else None
    if convoy is None:
        return
    yield f"{'Part of' if review.source_id else 'Lands'} the convoy {code_span(clean(convoy.title))}."
    if review.is_landing:
        known = [town.beads.get(bead_id) or town.stubs.get(bead_id) for bead_id in convoy.beads]
        lines = [f"- `{short(bead.id)}` {code_span(clean(bead.title))} ({bead.status.value})" for bead in known if bead]
        yield from _listed("**Its beads**", lines)


def _gates(town: Town, review: Review, clean: Callable[[str], str]) -> Iterator[str]:
    """The platform runs no gate of a request itself, so it knows of them what its agents vouched for and no more."""
    agent = town.agents.get(review.approved_by) if review.approved_by else None
    if review.approved_sha and agent is not None:
        word = f"vouched for by {code_span(agent.name)}, who approved `{review.approved_sha[:12]}`"
    elif review.is_landing:
        word = "not run yet on this branch as a whole"
    else:
        word = "agents have to pass it before they report; the review has not confirmed it yet"
    lines = [f"- {code_span(clean(gate))}: {word}" for gate in town.rules_for(review.rig_id).gates]
    yield from _listed("**Gates**", lines)


def _listed(heading: str, lines: list[str]) -> Iterator[str]:
    if lines:
        more = [f"- and {len(lines) - LIST_SHOWN} more"] if len(lines) > LIST_SHOWN else []
        yield "\n".join([heading, "", *lines[:LIST_SHOWN], *more])


def code_span(text: str) -> str:
    """A text of others on one line of Markdown, at most `LINE_SHOWN` characters of it."""
    line = _cut(" ".join(text.replace("`", "'").split()), LINE_SHOWN)
    return f"`{line}`" if line else "(no name)"


def code_block(text: str) -> str:
    """A text of others as a block of Markdown that nothing in it can end, at most `TASK_SHOWN` characters of it."""
    shown = _cut(text.strip(), TASK_SHOWN)
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{shown}\n{fence}"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
