"""The watch: it looks at every commit, keeps what a town itself forgets, and reports the first broken invariant."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from gastown.domain.bead import Bead
from gastown.domain.errors import GastownError, NotFound
from gastown.domain.event import TownEvent
from gastown.domain.ids import Moment
from gastown.domain.town import Entity, Town
from gastown.ports.town_store import Commit, LiveItem
from gastown.reconciler.apply_event import apply_event
from gastown.usecases.tick_report import TickReport
from gastown.usecases.town_items import decode, decode_final, encode
from tests.simulation.glass import Glass
from tests.simulation.measures import Measures

if TYPE_CHECKING:
    from tests.simulation.world import World


class Breach(Exception):
    """An invariant does not hold; 0 is a surprise, 16 is what has to be true when all is over."""

    def __init__(self, number: int, text: str) -> None:
        """Keep the number apart: it tells whether a smaller history fails in the same way."""
        super().__init__(number, text)
        self.number, self.text = number, text

    def __str__(self) -> str:
        """The number before the text."""
        return f"invariant {self.number}: {self.text}"


@dataclass(kw_only=True)
class Facts:
    """What the watch remembers beside the town."""

    heard: dict[tuple[str, int], datetime] = field(default_factory=dict)
    """When a heartbeat of the current container last spoke of a run."""
    said: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    """The heads that a run's agent named in its `done`."""
    approved: set[tuple[str, str]] = field(default_factory=set)
    """Reviews and shas that were approved as they should be."""
    finals: dict[str, dict[str, Any]] = field(default_factory=dict)
    raised: Counter[str] = field(default_factory=Counter)
    """How often each cause was ever escalated."""
    started: dict[str, datetime] = field(default_factory=dict)
    """When a bead was last dispatched."""
    excused: set[str] = field(default_factory=set)
    """Beads that may start again at once: evicted, or a person touched them."""
    asked: set[str] = field(default_factory=set)
    """Tasks that people slung."""
    deleted: set[str] = field(default_factory=set)
    deeds: Counter[str] = field(default_factory=Counter)
    """What was committed for the person who acts at the moment, by cause."""
    merges: int = 0
    """How many of the Git host's merges were looked at."""


@dataclass(frozen=True, kw_only=True)
class View:
    """One commit, as invariants look at it."""

    world: "World"
    facts: Facts
    before: Town
    town: Town
    now: datetime
    actor: str
    cause: str
    drained: list[TownEvent]
    ended: dict[str, Entity]

    @property
    def by_itself(self) -> bool:
        """Whether a tick committed, and not a person or an agent."""
        return self.actor == "reconciler"


class Watch:
    """Looks at one world."""

    def __init__(self, world: "World") -> None:
        """Nothing was seen."""
        self.world, self.facts, self.measures = world, Facts(), Measures()
        self.breaches: list[Breach] = []
        self.disturbed = False
        """Whether something was stored in the middle of this tick that the tick could not know."""
        self._glass = Glass()
        self._items: list[LiveItem] = []
        self._before: Town | None = None

    # what is seen
    def complain(self, number: int, text: str) -> None:
        """Note a breach; it is raised when the step is over."""
        self.breaches.append(Breach(number, text))

    def report(self) -> None:
        """Raise the first breach of this step."""
        from tests.simulation.invariants import check_merges  # invariants look at views

        self.breaches += [Breach(number, text) for number, text in check_merges(self.world, self.facts)]
        if self.breaches:
            raise self.breaches[0]

    def stored(self) -> Town | None:
        """The town as it is stored now, without a request of anybody."""
        items = self.world.store.live.get(self.world.town_id)
        return self._glass.look(items.values()) if items else None

    def heard(self, generation: int, pulse: dict[str, Any]) -> None:
        """A heartbeat was stored."""
        for agent_id, seen in pulse.get("agents", {}).items():
            self.facts.heard[agent_id, seen["dispatch"]] = self.world.now()

    def said(self, agent_id: str, dispatch: int, sha: str) -> None:
        """An agent is about to name a head."""
        self.facts.said.setdefault((agent_id, dispatch), []).append(sha)

    def registered(self, generation: int) -> None:
        """A container was let in: it has to be the current one."""
        town = self.stored()
        if town is not None and town.container.generation != generation:
            self.complain(9, f"generation {generation} was registered although {town.container.generation} is current")

    def as_agent(self, who: tuple[str, int], what: str, call: Callable[[], object]) -> None:
        """Let an agent call the town: what is stale must be refused."""
        town = self.stored() if self.world.luck.trouble else None
        agent = next((a for a in town.agents.values() if a.id == who[0]), None) if town else None
        stale = agent is not None and agent.dispatch != who[1]
        call()
        if stale:
            self.complain(9, f"{what} of run {who[1]} was taken although {agent.dispatch if agent else 0} is current")

    # commits
    def before_commit(self) -> None:
        """Remember the town as it is."""
        self._items = list(self.world.store.live.get(self.world.town_id, {}).values())
        self._before = self._glass.look(self._items) if self._items else None

    def after_commit(self, commit: Commit) -> View | None:
        """Look at what a commit changed; none if it made the town or took it away."""
        before, town = self._before, self.stored()
        if before is None or town is None:
            return None
        journal = next(row.body for row in commit.rows if row.pk == "JOURNAL")
        finals = {row.pk.removeprefix("BEAD#"): row.body for row in commit.rows if row.sk == "FINAL"}
        view = View(
            world=self.world, facts=self.facts, before=before, town=town, now=town.committed_at or self.world.now(),
            actor=journal["actor"], cause=journal["cause"],
            drained=[event for key, event in before.inbox.items() if key not in town.inbox],
            ended={bead_id: decode_final(body) for bead_id, body in finals.items()},
        )  # fmt: skip
        ended = view.ended.values()
        self.world.landed += sum(isinstance(one, Bead) and one.outcome == "merged" for one in ended)
        self._check_finals(finals)
        self._check_stale(view)
        self._check(view)
        return view

    def _check_finals(self, finals: dict[str, dict[str, Any]]) -> None:
        for bead_id, body in finals.items():
            known = self.facts.finals.get(bead_id)
            if known is not None and _lasting(known) != _lasting(body):
                self.complain(3, f"{bead_id} has ended and was changed")
            self.facts.finals[bead_id] = body

    def _check(self, view: View) -> None:
        from tests.simulation.invariants import INVARIANTS

        for invariant in INVARIANTS:
            self.breaches += [Breach(invariant.number, text) for text in invariant.check(view)]
        self.breaches += [Breach(10, text) for text in self.measures.look(view)]
        remember(view)

    def _check_stale(self, view: View) -> None:
        """A stale event, applied to a copy of the town before the commit, must leave it as it was."""
        for event in [event for event in view.drained if is_stale(view.before, event)]:
            copy, untouched = decode(self._items), encode(decode(self._items))
            moment = Moment(now=view.now, ids=(f"copy-{n}" for n in count()))
            try:
                apply_event(copy, event, moment)
            except GastownError:
                pass
            except Exception as surprise:  # noqa: BLE001 - the tick says so itself
                self.world.tell(f"{event.kind}: {surprise}")
            if encode(copy) != untouched or copy.finals or copy.container != view.before.container:
                self.complain(9, f"a stale {event.kind} changed the town: {event.data}")

    # rest
    def rested(self, report: TickReport) -> None:
        """A tick is over: the town is at rest, waits for reasons, and wakes in time."""
        from tests.simulation.rest import check_rest

        try:
            town = self.stored()
        except NotFound:
            return
        if town is not None and not report.more and not town.inbox and not self.disturbed:
            now = max(self.world.now(), town.committed_at or self.world.now())
            self.breaches += [Breach(number, text) for number, text in check_rest(self.world, town, now)]


def _lasting(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body["entity"].items() if name not in ("replaced_by", "updated_at")}


def remember(view: View) -> None:
    """Keep what later commits are compared with."""
    facts, before, town = view.facts, view.before, view.town
    facts.deeds.update([view.cause] if view.actor == "user" else [])
    for raised in town.escalations.values():
        if raised.id not in before.escalations:
            facts.raised[raised.cause] += 1
    known = {**before.beads, **before.reviews, **before.convoys}
    live = {*town.beads, *town.reviews, *town.convoys, *view.ended}
    if not view.by_itself:
        facts.excused.update(bead for bead in town.beads if before.beads.get(bead) != town.beads[bead])
    facts.deleted.update(gone for gone in known if gone not in live)
    facts.asked.update(bead.id for bead in town.beads.values() if bead.id not in before.beads and not bead.is_fix)


def is_stale(town: Town, event: TownEvent) -> bool:
    """Whether an event speaks of an older run, generation or merge attempt than the town's present ones."""
    data: dict[str, Any] = event.data
    kind = str(event.kind)
    if kind in ("task_checked", "task_stopped", "task_refused", "container_evicted"):
        return int(data["generation"]) < town.container.generation
    if kind == "merge_reported":
        review = next((r for r in town.reviews.values() if r.id == data["review_id"]), None)
        return review is None or int(data["attempt"]) < review.merge_attempt
    if kind in ("pull_opened", "pull_polled", "pull_merged", "pull_refused"):
        review = next((r for r in town.reviews.values() if r.id == data["review_id"]), None)
        return review is None or int(data["ask"]) < review.watch.asks
    if kind in ("agent_done", "agent_completed"):
        agent = next((a for a in town.agents.values() if a.id == data["agent_id"]), None)
        return agent is not None and int(data["dispatch"]) < agent.dispatch
    if kind == "mayor_waiting":
        return town.mayor is not None and int(data["dispatch"]) < town.mayor.dispatch
    return False
