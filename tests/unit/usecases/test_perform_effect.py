"""Effects are claimed, performed at least once with one result, and bring their outcome back."""

from datetime import timedelta

import pytest

from gastown.domain.bead import BeadStatus
from gastown.domain.convoying import close_convoy, start_convoy
from gastown.domain.effect import Effect, EffectKind, Wait
from gastown.domain.ending import end_bead
from gastown.domain.errors import Unavailable
from gastown.domain.housing import ask, claim_container, leave, suspect_container
from gastown.domain.ids import Moment
from gastown.domain.limits import MAX_EFFECT_ATTEMPTS
from gastown.domain.town import Town
from gastown.ports.container_runtime import RuntimeRefused
from gastown.usecases.container_effects import client_token
from gastown.usecases.execution_effects import convoy_of_name, execution_name
from gastown.usecases.perform_effect import TERMS, Report, Result, perform_effect
from gastown.usecases.tokens import boot_code
from tests.support.stage import SIGNING_SECRET, TOWN, Stage


@pytest.fixture
def stage() -> Stage:
    """A control plane on fakes with one quiet town."""
    return Stage()


def perform(stage: Stage, kind: EffectKind) -> Report:
    """Perform the town's one effect of this kind."""
    return perform_effect(stage.outside, TOWN, stage.outbox_key(kind))


def wait_out_the_lease(stage: Stage) -> None:
    """Let a minute and a bit go by."""
    stage.clock.move(timedelta(seconds=61))


def test_every_kind_has_its_terms() -> None:
    """The table is complete, and says what makes each kind harmless to repeat."""
    assert set(EffectKind) == set(TERMS)
    assert all(terms.once_by for terms in TERMS.values())


def test_a_container_is_run_with_its_boot_code(stage: Stage) -> None:
    """The task carries the generation's code, the outcome waits in the inbox and the town is woken."""
    generation = stage.claim()
    stage.wake_queue.wakes.clear()

    report = perform(stage, EffectKind.RUN_TASK)

    [task] = stage.runtime.tasks.values()
    assert report.result is Result.PERFORMED
    assert task.boot_code == boot_code(SIGNING_SECRET, TOWN, generation)
    assert task.client_token == client_token(TOWN, generation)
    assert len(task.client_token) <= 64
    assert stage.inbox() == [("task_accepted", {"generation": generation, "task_arn": task.arn})]
    assert [wake.cause for wake in stage.wake_queue.wakes] == ["task_accepted"]
    assert stage.town.effects == {}


def test_a_task_that_an_earlier_try_started_is_adopted(stage: Stage) -> None:
    """Nothing is started a second time, whatever became of the first answer."""
    generation = stage.claim()
    arn = stage.runtime.run(TOWN, generation, "code", "another-token")

    perform(stage, EffectKind.RUN_TASK)

    assert list(stage.runtime.tasks) == [arn]
    assert stage.inbox() == [("task_accepted", {"generation": generation, "task_arn": arn})]


def test_a_full_cluster_refuses(stage: Stage) -> None:
    """The cap is a refusal with a cause, not a failure."""
    for number in range(stage.settings.container_cap):
        stage.runtime.run(f"other-{number}", 1, "code", f"token-{number}")
    generation = stage.claim()

    perform(stage, EffectKind.RUN_TASK)

    assert stage.inbox() == [("task_refused", {"generation": generation, "cause": "capacity"})]


def test_a_refusal_of_the_runtime_is_an_outcome(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its cause reaches the town."""
    generation = stage.claim()

    def refuse(*_arguments: object) -> str:
        raise RuntimeRefused("RESOURCE:MEMORY")

    monkeypatch.setattr(stage.runtime, "run", refuse)
    perform(stage, EffectKind.RUN_TASK)

    assert stage.inbox() == [("task_refused", {"generation": generation, "cause": "RESOURCE:MEMORY"})]


def test_an_effect_of_an_older_generation_is_dropped(stage: Stage) -> None:
    """Its task is stopped if an earlier try has started it, and nobody is told."""
    generation = stage.claim()
    key = stage.outbox_key(EffectKind.RUN_TASK)
    arn = stage.runtime.run(TOWN, generation, "code", "token")
    stage.change(lambda town, moment: leave(town, moment, reason="test", failed=False))
    stage.change(claim_container)

    report = perform_effect(stage.outside, TOWN, key)

    assert report.result is Result.DROPPED
    assert stage.runtime.tasks[arn].state == "stopped"
    assert stage.inbox() == []
    assert key not in {f"OUTBOX#{effect}" for effect in stage.town.effects}


def test_a_second_message_finds_nothing_to_do(stage: Stage) -> None:
    """Settled effects and effects under way are nobody else's."""
    stage.claim()
    key = stage.outbox_key(EffectKind.RUN_TASK)
    stage.runtime.failure = Unavailable("away")

    assert perform_effect(stage.outside, TOWN, key).result is Result.RETRY
    assert perform_effect(stage.outside, TOWN, key).result is Result.ABSENT
    stage.runtime.failure = None
    wait_out_the_lease(stage)
    assert perform_effect(stage.outside, TOWN, key).result is Result.PERFORMED
    assert perform_effect(stage.outside, TOWN, key).result is Result.ABSENT
    assert len(stage.inbox()) == 1


def test_after_the_last_attempt_the_town_is_told(stage: Stage) -> None:
    """The failure names kind, arguments and the last error."""
    generation = stage.claim()
    key = stage.outbox_key(EffectKind.RUN_TASK)
    stage.runtime.failure = Unavailable("away")
    results = []
    for _ in range(MAX_EFFECT_ATTEMPTS):
        results.append(perform_effect(stage.outside, TOWN, key).result)
        wait_out_the_lease(stage)

    assert results == [Result.RETRY] * (MAX_EFFECT_ATTEMPTS - 1) + [Result.FAILED]
    failed = {"kind": "run_task", "arguments": {"generation": generation}, "error": "Unavailable: away"}
    assert stage.inbox() == [("effect_failed", failed)]


def test_a_crash_in_the_last_attempt_is_told_as_well(stage: Stage) -> None:
    """One more claim than there are attempts finds the effect that nobody settled."""
    stage.claim()
    key = stage.outbox_key(EffectKind.RUN_TASK)
    for _ in range(MAX_EFFECT_ATTEMPTS):
        now = stage.now
        stage.store.claim(TOWN, key, now=now, lease_until=now + timedelta(seconds=60), attempts_max=99)
        wait_out_the_lease(stage)

    assert perform_effect(stage.outside, TOWN, key).result is Result.FAILED
    assert [kind for kind, _ in stage.inbox()] == ["effect_failed"]
    assert stage.runtime.calls == []


def test_an_unforeseen_fault_is_raised(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue shall see it; the lease keeps the effect."""
    stage.claim()
    monkeypatch.setattr(stage.runtime, "find", lambda _mark: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        perform(stage, EffectKind.RUN_TASK)
    assert len(stage.town.effects) == 1


def test_a_town_that_is_gone_has_no_effects(stage: Stage) -> None:
    """Its messages are taken and forgotten."""
    stage.store.drop_table(TOWN)

    assert perform_effect(stage.outside, TOWN, "OUTBOX#1").result is Result.ABSENT


def test_a_task_is_stopped_by_its_arn_or_by_its_mark(stage: Stage) -> None:
    """An ARN that was never learned is no reason to let a task run."""
    generation = stage.claim()
    arn = stage.runtime.run(TOWN, generation, "code", "token")
    arguments: dict[str, object] = {"generation": generation, "task_arn": None, "reason": "time is over"}
    stage.change(lambda town, moment: ask(town, EffectKind.STOP_TASK, arguments, moment))

    assert perform(stage, EffectKind.STOP_TASK).result is Result.PERFORMED
    assert stage.runtime.tasks[arn].reason == "time is over"
    assert stage.inbox() == []


@pytest.mark.parametrize(("state", "running"), [("running", True), ("stopped", False)])
def test_a_silent_container_is_asked_about(stage: Stage, state: str, running: bool) -> None:  # noqa: FBT001
    """The answer goes to the town."""
    generation = stage.register()
    perform(stage, EffectKind.RUN_TASK)
    stage.tick()
    stage.change(suspect_container)
    next(iter(stage.runtime.tasks.values())).state = state  # type: ignore[assignment]

    perform(stage, EffectKind.CHECK_TASK)

    assert stage.inbox() == [("task_checked", {"generation": generation, "running": running})]


def test_a_convoy_gets_its_execution(stage: Stage) -> None:
    """The input has ids and titles, and the name says whose it is."""
    convoy_id = stage.sling(tasks=2, staged=True)

    perform(stage, EffectKind.START_EXECUTION)

    [(name, data)] = stage.workflows.executions.items()
    assert name == f"{TOWN}_{convoy_id}"
    assert len(name) <= 80
    assert data["staged"] is True
    assert data["merge_mode"] == "review-then-land"
    assert [bead["title"] for bead in data["beads"]] == ["Task 0", "Task 1"]
    assert stage.inbox() == []


def test_executions_of_a_convoy_are_numbered() -> None:
    """A name is used once for ever; each one leads back to its convoy."""
    assert execution_name("t", "c", 1) == "t_c"
    assert execution_name("t", "c", 2) == "t_c_2"
    assert [convoy_of_name(name) for name in ("t_c", "t_c_2", "other", "_")] == [("t", "c"), ("t", "c"), None, None]


def test_an_execution_of_a_convoy_that_is_over_is_not_started(stage: Stage) -> None:
    """Nobody would look at it."""
    convoy_id = stage.sling()
    key = stage.outbox_key(EffectKind.START_EXECUTION)
    stage.change(lambda town, moment: close_convoy(town, convoy_id, moment))
    stage.tick()

    assert perform_effect(stage.outside, TOWN, key).result is Result.DROPPED
    assert stage.workflows.executions == {}


def wait_for_start(stage: Stage, convoy_id: str, token: str) -> None:
    """Register a wait for a staged convoy's start."""
    wait = Wait(
        key=f"{convoy_id}#start", convoy_id=convoy_id, step="start", bead_id=None, token=token, registered_at=stage.now
    )
    stage.workflows.waiting.add(token)
    stage.change(lambda town, _moment: town.waits.update({wait.key: wait}))


def wait_for_bead(stage: Stage, convoy_id: str, bead_id: str) -> None:
    """Register a wait for one bead of a convoy."""
    wait = Wait(
        key=f"{convoy_id}#bead#{bead_id}", convoy_id=convoy_id, step="bead", bead_id=bead_id, token=f"token-{bead_id}",
        registered_at=stage.now,
    )  # fmt: skip
    stage.workflows.waiting.add(wait.token)
    stage.change(lambda town, _moment: town.waits.update({wait.key: wait}))


def test_a_wait_is_answered_and_leaves(stage: Stage) -> None:
    """By its token of this moment; the answer is the one that the tick wrote down."""
    convoy_id = stage.sling(staged=True)
    wait_for_start(stage, convoy_id, "token-1")
    stage.change(lambda town, moment: start_convoy(town, convoy_id, moment))
    stage.tick()

    report = perform(stage, EffectKind.ANSWER_WAIT)

    assert report.result is Result.PERFORMED
    assert stage.workflows.answers == {"token-1": {"outcome": "started"}}
    stage.tick()
    assert stage.town.waits == {}
    assert not [e for e in stage.town.effects.values() if e.kind is EffectKind.ANSWER_WAIT]


def test_a_wait_that_nobody_waits_on_leaves_as_well(stage: Stage) -> None:
    """A stopped execution has taken its tokens with it."""
    convoy_id = stage.sling(staged=True)
    wait_for_start(stage, convoy_id, "token-1")
    stage.workflows.waiting.clear()
    stage.change(lambda town, moment: start_convoy(town, convoy_id, moment))
    stage.tick()

    perform(stage, EffectKind.ANSWER_WAIT)
    stage.tick()

    assert stage.town.waits == {}


def close_all(town: Town, moment: Moment) -> None:
    """A person closes every bead."""
    for bead in list(town.beads.values()):
        end_bead(town, bead, BeadStatus.CLOSED, "person", moment)


def test_an_answer_is_delivered_and_commits_nothing(stage: Stage) -> None:
    """Fifty answers at once meet nobody on their way: each is one write beside the town, one tick takes them."""
    convoy_id = stage.sling(tasks=3)
    beads = list(stage.town.beads)
    for bead_id in beads:
        wait_for_bead(stage, convoy_id, bead_id)
    stage.change(close_all)
    stage.tick()
    commits = stage.store.calls["commit"]

    answers = [effect for effect in stage.town.effects.values() if effect.kind is EffectKind.ANSWER_WAIT]
    results = [perform_effect(stage.outside, TOWN, f"OUTBOX#{effect.id}").result for effect in answers]

    assert results == [Result.PERFORMED] * 3
    assert stage.store.calls["commit"] == commits
    assert {kind for kind, _ in stage.inbox()} == {"wait_answered"}
    assert "token" not in str(stage.inbox())
    stage.tick()
    assert (commits + 1, {}) == (stage.store.calls["commit"], stage.town.waits)


def test_a_wait_that_cannot_be_answered_leaves_with_an_escalation(stage: Stage) -> None:
    """Its step times out, is entered again and asks again; the old wait would stay for ever."""
    convoy_id = stage.sling(staged=True)
    wait_for_start(stage, convoy_id, "token-1")
    stage.change(lambda town, moment: start_convoy(town, convoy_id, moment))
    stage.tick()
    stage.workflows.failure = Unavailable("away")

    while perform(stage, EffectKind.ANSWER_WAIT).result is not Result.FAILED:
        wait_out_the_lease(stage)
    stage.tick()

    assert stage.town.waits == {}
    assert ["answer_wait failed for good"] == [each.title for each in stage.town.escalations.values()]


def test_a_later_wait_outlives_the_answer_of_an_earlier_one(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what was answered is taken out."""
    convoy_id = stage.sling(staged=True)
    wait_for_start(stage, convoy_id, "token-1")
    stage.change(lambda town, moment: start_convoy(town, convoy_id, moment))
    stage.tick()
    succeed = stage.workflows.succeed

    def succeed_late(token: str, output: dict[str, object]) -> object:
        wait_for_start(stage, convoy_id, "token-2")
        return succeed(token, output)

    monkeypatch.setattr(stage.workflows, "succeed", succeed_late)
    perform(stage, EffectKind.ANSWER_WAIT)
    stage.tick()

    assert [wait.token for wait in stage.town.waits.values()] == ["token-2"]


def test_an_execution_is_stopped(stage: Stage) -> None:
    """By its ARN."""
    convoy_id = stage.sling()
    perform(stage, EffectKind.START_EXECUTION)
    arn = stage.workflows.start(f"{TOWN}_{convoy_id}", {})

    def stop(town: Town, moment: Moment) -> None:
        effect = Effect(id=moment.new_id(), kind=EffectKind.STOP_EXECUTION, created_at=moment.now)  # type: ignore[arg-type]
        effect.arguments = {"execution_arn": arn}
        town.effects[effect.id] = effect

    stage.change(stop)
    perform(stage, EffectKind.STOP_EXECUTION)

    assert arn in stage.workflows.stopped
