"""No loop without an end: whatever comes back to a state it was in has counted something up in between.

What is counted is compared from left to right, as one number of several digits: a digit may fall only when one before
it rose. Each digit that the town itself moves is bounded (`domain/attempts.py`), so a loop that nobody outside feeds
ends. Deeds of people, new heads and new containers come from outside, and stand first.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gastown.domain.container import ContainerState
from gastown.domain.mail import Mail
from gastown.domain.nudge import Nudge
from gastown.domain.patrolling import batch_of
from gastown.domain.town import Town

if TYPE_CHECKING:
    from tests.simulation.watch import View

Measure = tuple[int, ...]


@dataclass(kw_only=True)
class Measures:
    """What each thing had counted when it was last in each of its states; `turns` counts how often one came back."""

    last: dict[tuple[str, str], Measure] = field(default_factory=dict)
    now: dict[str, str] = field(default_factory=dict)
    outside: Counter[str] = field(default_factory=Counter)
    """Deeds of people, by what they changed; new heads, by review."""
    moves: int = 0
    """Containers that came up, and that went again: whoever loses its session with one has not gone round by itself."""
    words: int = 0
    """What waited for the mayor that came, and that ended: whatever starts it or its turn uses some up."""
    asked: int = 0
    """How often triage requests were put before a triage agent."""
    turns: Counter[str] = field(default_factory=Counter)

    def look(self, view: "View") -> Iterator[str]:
        """Look at what one commit moved; yields what came back without having counted anything."""
        self._hear(view)
        for kind, key, state, measure in self._standing(view.town):
            if self.now.get(key) == state:
                continue
            before, self.now[key] = self.last.get((key, state)), state
            if before is not None and measure is not None:
                self.turns[f"{kind} {state}"] += 1
                if measure <= before:
                    yield f"{kind} {key} is {state} again, and {before} became {measure}"
            self.last[key, state] = measure or ()

    def _hear(self, view: "View") -> None:
        """What came from outside in this commit."""
        before, town = view.before, view.town
        for name in ("beads", "reviews", "convoys", "nudges", "mail"):
            old, new = getattr(before, name), getattr(town, name)
            if not view.by_itself:
                self.outside.update(key for key in new if old.get(key) != new[key])
        self._hear_talk(view)
        heads = {key for key, review in town.reviews.items() if key in before.reviews}
        self.outside.update(key for key in heads if town.reviews[key].sha != before.reviews[key].sha)
        if (town.container.state is ContainerState.READY) != (before.container.state is ContainerState.READY):
            self.moves += 1
        if not view.by_itself and town.container != before.container:
            self.outside["container"] += 1

    def _hear_talk(self, view: "View") -> None:
        before, town = view.before, view.town
        if not view.by_itself and town.mayor != before.mayor:
            self.outside["mayor"] += 1
        self.words += len(_words(before) ^ _words(town))
        old = {key: request.rounds for key, request in before.triage.items()}
        self.asked += sum(request.rounds - old.get(key, 0) for key, request in town.triage.items())

    def _standing(self, town: Town) -> Iterator[tuple[str, str, str, Measure | None]]:
        """Each thing's kind, key, state, and what it has counted; none where it may wait as often as it likes."""
        for bead in town.beads.values():
            yield "bead", bead.id, str(bead.status), (self.outside[bead.id], bead.rejections, bead.total_attempts)
        for review in town.reviews.values():
            counted = (review.rounds, review.attempts, review.refusals, review.merge_tries)
            yield "review", review.id, str(review.phase), (self.outside[review.id], *counted)
        for convoy in town.convoys.values():
            state = "landing" if town.landing_of(convoy.id) else str(convoy.state)
            yield "convoy", convoy.id, state, (self.outside[convoy.id], convoy.landings)
        container = town.container
        yield "container", "container", str(container.state), self._of_container(town)
        yield "triage", "triage", "asking" if batch_of(town) else "quiet", (self.asked,)
        if town.mayor is not None:
            counted = (self.outside["mayor"], self.moves, self.words, town.mayor.attempts)
            yield "mayor", town.mayor.id, str(town.mayor.status), counted
        messages: list[Nudge | Mail] = [*town.nudges.values(), *town.mail.values()]
        for message in messages:
            is_sent = message.command in town.commands
            state = f"{message.state}, {'under way' if is_sent else 'waiting'}"
            yield "message", message.id, state, self._of_message(town, message) if is_sent else None

    def _of_message(self, town: Town, message: Nudge | Mail) -> Measure:
        """One that its container did not answer is sent again to the next run, container or session only."""
        whose = message.agent_id if isinstance(message, Nudge) else message.recipient
        agent = next((one.dispatch for one in town.agents.values() if one.id == whose), 0)
        session = town.mayor.dispatch if town.mayor else 0
        return self.outside[message.id], agent, session, town.container.generation, message.tries

    def _of_container(self, town: Town) -> Measure:
        """A container that came up has begun anew; its stop is the town's own wish, which work has to feed."""
        return self.outside["container"], self.moves, town.container.failures


def _words(town: Town) -> set[str]:
    """What waits for the mayor: nudges, letters, and that somebody wants it to be there."""
    if town.mayor is None:
        return set()
    nudges = {nudge.id for nudge in town.nudges.values() if nudge.agent_id == town.mayor.id}
    wish = {"wish"} if town.mayor.is_wanted else set()  # that it be there; people alone have it
    return wish | nudges | {letter.id for letter in town.mail.values() if letter.recipient == town.mayor.id}
