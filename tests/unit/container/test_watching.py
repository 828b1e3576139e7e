"""The steps that a container tells of itself, with their durations by its own clock."""

from typing import Any

from gastown.container.payloads import AgentFacts, MayorStart
from gastown.container.roster import Record
from gastown.container.runtimes.runtime import Exit
from gastown.container.watching import Watching


class Clock:
    """Seconds that pass when they are told to."""

    now = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def a_mayor(dispatch: int) -> Record:
    """A run of the mayor."""
    start = MayorStart(agent=AgentFacts(id="m", name="mayor", role="mayor"), rig_id="mayor-t")
    return Record(start=start, dispatch=dispatch)


def told(watching: Watching) -> list[tuple[str, dict[str, Any]]]:
    """What waits to be told of the container."""
    return [(one.event.kind, dict(one.event.data)) for one in watching._steps.take()]


def test_each_phase_has_its_own_duration_and_the_time_since_the_start_began() -> None:
    """In milliseconds; the session is ready after so long since the container began (REQ-N.6)."""
    clock = Clock()
    watching, record = Watching(clock=clock), a_mayor(1)
    clock.now += 10
    watching.starting(record)
    for label, seconds in (("credentials", 0.5), ("session", 2)):
        clock.now += seconds
        watching.passed(record, label)
    watching.running(record)

    who = {"agentId": "m", "role": "mayor"}
    assert [
        ("container.cold_start", {}),
        ("agent.startup_phase", {**who, "label": "credentials", "phaseMs": 500, "elapsedMs": 500}),
        ("agent.startup_phase", {**who, "label": "session", "phaseMs": 2000, "elapsedMs": 2500}),
        ("agent.startup_complete", {**who, "durationMs": 2500}),
        ("mayor.session_ready", {**who, "durationMs": 12500}),
    ] == told(watching)


def test_a_mayor_is_ready_for_the_first_time_once() -> None:
    """Later sessions of the same container say nothing of how long it took to have a mayor."""
    watching = Watching(clock=Clock())
    for dispatch in (1, 2):
        watching.starting(record := a_mayor(dispatch))
        watching.running(record)
        watching.ended(record, Exit(code=0))

    assert 1 == [kind for kind, _ in told(watching)].count("mayor.session_ready")


def test_the_last_run_of_an_agent_is_shown() -> None:
    """And nothing of an agent that never ran here."""
    watching = Watching(clock=Clock())
    for dispatch in (1, 2):
        watching.starting(record := a_mayor(dispatch))
        watching.listener(record, [])
        watching.ended(record, Exit(code=dispatch))

    assert [2] == [one.event.data["code"] for one in watching.shown("m", 0)]
    assert [] == watching.shown("nobody", 0)
