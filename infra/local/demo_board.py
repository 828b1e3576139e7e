"""What the demo shows while it runs: a board of beads, folded from the town's history, live or as plain lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

SHOWN_EVENTS = 8
OVER = frozenset({"merged"})
"""Beads in these states have nothing left to show; a merged task is `closed` a moment later."""
ENDED = frozenset({"landed", "failed", "closed"})
WORDS = {
    "created": "is open",
    "hooked": "goes to {agent}",
    "unhooked": "is let go by {agent}",
    "review_submitted": "is done on branch {new}: waits for its review",
    "review_approved": "is approved by {agent} at {new:.10}",
    "rework_requested": "needs changes: {feedback}",
    "review_completed": "review has ended: {new}",
    "escalated": "ESCALATED: {cause}",
}
STATES = {
    "created": "open",
    "hooked": "assigned",
    "unhooked": "let go",
    "review_submitted": "in review",
    "review_approved": "approved",
    "rework_requested": "changes asked for",
    "review_completed": "{new}",
}
STYLES = {"merged": "green", "closed": "green", "approved": "cyan", "in_progress": "yellow", "failed": "red"}


@dataclass(kw_only=True)
class Line:
    """One bead of the board."""

    title: str
    state: str
    since: datetime
    agent: str = ""

    def move(self, state: str, at: datetime) -> None:
        """Take a state; the same one again does not begin anew."""
        if state != self.state:
            self.state, self.since = state, at


@dataclass(kw_only=True)
class Board:
    """The beads of one convoy, the landing included, as far as the history tells."""

    convoy_id: str
    lines: dict[str, Line] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    outcome: str | None = None

    def take(self, events: Sequence[Mapping[str, Any]]) -> list[str]:
        """Fold in what is new, oldest first; returns it in words."""
        fresh = [event for event in events if event["bead_event_id"] not in self.seen]
        words = [self._take_one(event) for event in fresh]
        self.told += words
        return words

    def _take_one(self, event: Mapping[str, Any]) -> str:
        self.seen.add(event["bead_event_id"])
        kind, detail, bead = event["event_type"], event.get("metadata") or {}, event["bead_id"]
        at, new = datetime.fromisoformat(event["created_at"]), event.get("new_value") or ""
        line = self._line(bead, str(detail.get("title", f"bead {bead[-8:]}")), at)
        agent = self.names.get(event.get("agent_id") or "", "")
        if kind == "status_changed" and bead == self.convoy_id and new in ENDED:
            self.outcome = new
        line.move(new if kind == "status_changed" else STATES.get(kind, line.state).format(new=new), at)
        line.agent = agent or line.agent
        if review := detail.get("review_id"):
            named = f"{'Landing' if bead == self.convoy_id else 'Review'} of {line.title}"
            self._line(str(review), named, at).move("queued" if kind == "review_submitted" else line.state, at)
        return f"{at:%H:%M:%S} {line.title}: {describe(event, agent)}"

    def _line(self, bead: str, title: str, at: datetime) -> Line:
        return self.lines.setdefault(bead, Line(title=title, state="", since=at))

    def table(self, now: datetime) -> Table:
        """The board at one moment."""
        table = Table(box=None, padding=(0, 2, 0, 0))
        for heading in ("bead", "state", "agent", "since"):
            table.add_column(heading, justify="right" if heading == "since" else "left")
        for line in (line for line in self.lines.values() if line.state not in OVER):
            state = Text(line.state, style=STYLES.get(line.state, ""))
            table.add_row(line.title, state, line.agent, f"{max(0.0, (now - line.since).total_seconds()):.0f} s")
        return table


def describe(event: Mapping[str, Any], agent: str) -> str:
    """One event in words."""
    detail = event.get("metadata") or {}
    if event["event_type"] == "status_changed":
        reason = f" ({detail['reason']})" if detail.get("reason") else ""
        return f"{event.get('old_value')} -> {event.get('new_value')}{reason}"
    kind = str(event["event_type"])
    words = WORDS.get(kind, kind)
    feedback = " ".join(str(detail.get("feedback", "")).split())
    cause = detail.get("cause", "")
    return words.format(agent=agent or "an agent", new=event.get("new_value") or "", feedback=feedback, cause=cause)


@dataclass(kw_only=True)
class Screen:
    """Shows a board: redrawn in place on a terminal, new lines only elsewhere."""

    console: Console
    live: Live | None = None

    def __enter__(self) -> Self:
        """Begin to draw, if there is a terminal."""
        if self.console.is_terminal:
            self.live = Live(console=self.console, refresh_per_second=4)
            self.live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last picture standing."""
        if self.live:
            self.live.stop()

    def show(self, board: Board, news: Sequence[str], now: datetime) -> None:
        """Draw the board and what is new."""
        if self.live is None:
            for line in news:
                self.console.print(line, markup=False, highlight=False, soft_wrap=True)
            return
        lines = [Text(line, style="dim", no_wrap=True, overflow="ellipsis") for line in board.told[-SHOWN_EVENTS:]]
        self.live.update(Group(board.table(now), Text(), *lines))
