"""Everything that can go wrong, as one table; and luck, which decides by the seed what does.

Each kind draws from a stream of its own. So a seed replays with one kind switched off, and what the other kinds would
have drawn stays the same: that is what makes shrinking work.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

WEATHER = (0.0, 0.5, 1.0, 1.0, 4.0)
"""How strongly one kind blows in one world: some worlds know nothing of it, some get a storm."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One kind: the chance that it strikes where it can, and what it does."""

    chance: float
    does: str


FAULTS = {
    # what is sent after a commit
    "wake lost": Fault(chance=0.04, does="a message of the wake queue never comes"),
    "wake late": Fault(chance=0.04, does="it comes up to 40 s late"),
    "wake twice": Fault(chance=0.02, does="it comes twice"),
    "alarm lost": Fault(chance=0.06, does="an alarm never goes off"),
    "alarm late": Fault(chance=0.04, does="it goes off up to 60 s late"),
    "effect announcement lost": Fault(chance=0.05, does="nobody performs an effect until it is announced again"),
    "effect twice": Fault(chance=0.05, does="an effect is announced twice"),
    "crash after commit": Fault(chance=0.02, does="the function dies between its commit and what follows from it"),
    "crash before effect": Fault(chance=0.04, does="the function dies after claiming an effect, before performing it"),
    "crash after effect": Fault(chance=0.04, does="the function dies after performing an effect, before settling it"),
    # storage
    "commit conflict": Fault(chance=0.01, does="a transaction is in somebody's way"),
    "commit answer lost": Fault(chance=0.01, does="a commit happens, and its answer does not come"),
    "commit request lost": Fault(chance=0.01, does="a commit does not happen, and no answer comes"),
    "torn load": Fault(chance=0.02, does="a load shows half of a commit"),
    "throttling": Fault(chance=0.005, does="a request to the table is refused for now"),
    "arrival during a commit": Fault(chance=0.04, does="a report is stored between load and commit"),
    "heard during a commit": Fault(chance=0.1, does="a heartbeat with every agent is stored between load and commit"),
    # the container and ECS
    "task refused": Fault(chance=0.1, does="RunTask has no room"),
    "task unavailable": Fault(chance=0.08, does="ECS does not answer"),
    "task wrongly stopped": Fault(chance=0.1, does="ECS says that a running task has stopped: then two live"),
    "task event lost": Fault(chance=0.1, does="nobody hears that a task has stopped"),
    "task event late": Fault(chance=0.1, does="it is heard up to 10 min late"),
    "boots slowly": Fault(chance=0.08, does="a container takes longer than its deadline, and registers then"),
    "stops slowly": Fault(chance=0.2, does="a container that was told to stop goes on for minutes"),
    "never registers": Fault(chance=0.04, does="a container dies before it has registered"),
    "container killed": Fault(chance=0.004, does="a container is gone with all its agents"),
    "container evicted": Fault(chance=0.003, does="a container is told to leave and reports its agents"),
    "heartbeats lost": Fault(chance=0.008, does="its beats do not arrive for a while, and its work goes on"),
    "container cut off": Fault(chance=0.006, does="nothing of it arrives for a while, and its work goes on"),
    "container token expired": Fault(chance=0.01, does="its token is over and has to be renewed"),
    "beat twice": Fault(chance=0.01, does="a heartbeat arrives again a little later"),
    # commands and reports
    "start refused": Fault(chance=0.04, does="the container does not start an agent, and says so"),
    "start unknown": Fault(chance=0.03, does="a start is never reported and comes to nothing"),
    "answer lost": Fault(chance=0.05, does="what was delivered is not known to be, and is delivered again"),
    "report lost": Fault(chance=0.04, does="a report does not arrive; the container tries again"),
    "report late": Fault(chance=0.03, does="a report is under way for up to 8 min"),
    "report again": Fault(chance=0.08, does="a report comes a second time after it was applied"),
    # agents
    "agent slow": Fault(chance=0.06, does="it works for up to half an hour"),
    "agent hangs": Fault(chance=0.02, does="it shows no activity for hours, while heartbeats speak of it"),
    "agent calls for help": Fault(chance=0.04, does="it raises an escalation, and triage is asked"),
    "agent silent": Fault(chance=0.05, does="heartbeats leave it out for a while, and it goes on"),
    "agent dies": Fault(chance=0.06, does="its process ends without done"),
    "agent vanishes": Fault(chance=0.03, does="it is gone, and nobody says so"),
    "agent token expired": Fault(chance=0.02, does="nothing it says is accepted any more"),
    "agent lets go": Fault(chance=0.03, does="it unhooks itself"),
    "agent closes its bead": Fault(chance=0.02, does="it says that there is nothing to do"),
    "agent says done twice": Fault(chance=0.05, does="it says done again, of another head"),
    "changes wanted": Fault(chance=0.2, does="a refinery asks for changes"),
    "never satisfied": Fault(chance=0.03, does="refineries ask for changes of one review whatever is done"),
    "no verdict": Fault(chance=0.08, does="each refinery that looks at one review dies over it"),
    "done after changes": Fault(chance=0.3, does="having asked for changes, it says done as well"),
    "wrong approval": Fault(chance=0.03, does="it approves another sha than the one under review"),
    # git
    "git host down": Fault(chance=0.08, does="merges cannot reach the Git host for up to 15 min"),
    "git host slow": Fault(chance=0.05, does="a merge takes up to 20 min"),
    "merge conflict": Fault(chance=0.05, does="the branch does not merge"),
    "landing never merges": Fault(chance=0.1, does="a convoy's feature branch never merges, however often it is tried"),
    "gate fails": Fault(chance=0.07, does="a gate is red on the merged tree"),
    "push lost": Fault(chance=0.08, does="somebody else pushed first"),
    "branch moved": Fault(chance=0.04, does="the branch is not at the approved sha any more"),
    "merge report lost": Fault(chance=0.04, does="a merge is never reported"),
    # providers of pull requests
    "provider down": Fault(chance=0.01, does="it answers nothing but 503 for up to 15 min"),
    "provider limits": Fault(chance=0.01, does="it asks to wait for up to 20 min"),
    "provider answers nonsense": Fault(chance=0.02, does="an answer has another shape than documented"),
    "provider answers in part": Fault(chance=0.03, does="a part of the feedback cannot be read"),
    "provider refuses": Fault(chance=0.003, does="it forbids what was asked for good"),
    "provider is too slow": Fault(chance=0.05, does="it does what it was asked, and the function's time is over"),
    "provider's answer lost": Fault(chance=0.05, does="it does what it was asked, and its answer does not come"),
    "provider will not merge": Fault(chance=0.2, does="it calls a request mergeable, and does not merge it"),
    "request conflicts": Fault(chance=0.08, does="its head does not merge into its target"),
    "checks fail": Fault(chance=0.1, does="a check of its head is red"),
    "reviewers ask": Fault(chance=0.1, does="reviewers left a thread"),
    "changes are asked for": Fault(chance=0.05, does="a reviewer asks for changes without a thread"),
    "checks are slow": Fault(chance=0.2, does="a check runs for up to 15 min"),
    "approval is awaited": Fault(chance=0.1, does="it waits for an approval for up to 40 min"),
    "request is a draft": Fault(chance=0.05, does="it is a draft for up to 20 min"),
    "computing": Fault(chance=0.2, does="the provider does not know yet whether it merges"),
    "somebody pushes": Fault(chance=0.01, does="somebody pushes to its branch"),
    "somebody merges": Fault(chance=0.005, does="somebody else merges it"),
    "somebody closes": Fault(chance=0.005, does="somebody closes it"),
    "webhook lost": Fault(chance=0.2, does="nobody is told of a change"),
    # state machines
    "step late": Fault(chance=0.05, does="a state machine's step comes up to 10 min late"),
    "step again": Fault(chance=0.03, does="a state machine enters its wait again, with another token"),
    "execution fails": Fault(chance=0.01, does="an execution dies"),
    # people who come late
    "afterthought": Fault(chance=0.3, does="a convoy has begun to land, and somebody adds a bead to it"),
    # time, and the town's end
    "clocks differ": Fault(chance=0.05, does="a report is stamped by a clock that is up to 6 s behind"),
    "clock jumps": Fault(chance=0.003, does="everybody's clock jumps 10 s to 5 min forward"),
    "life cycle lost": Fault(chance=0.3, does="the function that removes a town dies half way"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What makes one world: a seed, and what is left out of it. `only` has marks `kind#draw`; none means all."""

    seed: int
    without: frozenset[str] = frozenset()
    only: frozenset[str] | None = None

    def allows(self, kind: str, draw: int) -> bool:
        """Whether this very stroke may happen."""
        return kind not in self.without and (self.only is None or f"{kind}#{draw}" in self.only)


class Luck:
    """A world's chance: streams by name, and the strokes that have happened."""

    def __init__(self, plan: Plan, tell: Callable[[str], None], *, trouble: bool) -> None:
        """Everything that follows is a function of the plan."""
        self.plan, self.tell, self.trouble = plan, tell, trouble
        self.troubled = False
        """Whether the world knows trouble at all, now or before its peace."""
        self.struck: Counter[str] = Counter()
        self.marks: list[str] = []
        self._streams: dict[str, random.Random] = {}
        self._draws: Counter[str] = Counter()
        self._blows = {kind: self.stream(f"weather/{kind}").choice(WEATHER) for kind in FAULTS}

    def stream(self, name: str) -> random.Random:
        """A source of chance of its own."""
        if name not in self._streams:
            self._streams[name] = random.Random(f"{self.plan.seed}/{name}")  # noqa: S311 - chance that replays
        return self._streams[name]

    def between(self, name: str, low: float, high: float) -> float:
        """So many seconds, by the stream of this name."""
        return self.stream(name).uniform(low, high)

    def strikes(self, kind: str, *, ever: bool = False) -> bool:
        """Whether a fault strikes here and now; `ever` lets it strike in the peace after trouble, too."""
        self._draws[kind] += 1
        drawn = self.stream(kind).random() < FAULTS[kind].chance * self._blows[kind]
        if not (self.troubled if ever else self.trouble):
            return False
        wanted = drawn if self.plan.only is None else True
        if wanted and self.plan.allows(kind, self._draws[kind]):
            self.note(kind, self._draws[kind])
            return True
        return False

    def note(self, kind: str, draw: int) -> None:
        """Keep account of a stroke, or of something that people did."""
        self.struck[kind] += 1
        self.marks.append(f"{kind}#{draw}")
        self.tell(f"! {kind}")
