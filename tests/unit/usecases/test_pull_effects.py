"""Effects on pull requests: what is asked of the provider, with which credential, and what comes back."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from gastown.adapters.gitlab.git_host import GitLabHost
from gastown.api.views import show_watch
from gastown.domain.agent import Agent, Role
from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.effect import EffectKind
from gastown.domain.ids import AgentId, BeadId, Moment
from gastown.domain.pull import Feedback, HttpError, MergeStrategy, Provider, PullStatus, Thread
from gastown.domain.review import Review, ReviewPhase
from gastown.domain.town import Town
from gastown.domain.watching import touch_request
from gastown.ports.town_store import Row
from gastown.usecases.perform_effect import Report, Result, perform_effect
from tests.support.stage import RIG, TOWN, Stage

DOWN = HttpError(provider=Provider.GITHUB, status=503, text="down", transient=True)
BEAD, REVIEW = BeadId("bead-1"), BeadId("review-1")


@pytest.fixture
def stage() -> Stage:
    """A town of strategy `pr` without code review, with one pushed branch under review."""
    stage = Stage()
    known = {"github_cli_pat": "pat-1", "git_auth": {"github_token": "old-1"}}
    stage.secrets.put(f"stack/town/{TOWN}", json.dumps(known))
    stage.git_host.push("gt/toast/1", "sha-1")
    stage.change(submit)
    return stage


def submit(town: Town, moment: Moment) -> None:
    """Put finished work before the town."""
    town.rigs[RIG].git_url = "https://github.com/acme/widgets.git"
    town.config.merge_strategy, town.config.refinery.code_review = MergeStrategy.PR, False
    now = moment.now
    town.beads[BEAD] = Bead(
        id=BEAD, rig_id=RIG, title="Count the widgets", created_at=now, updated_at=now, status=BeadStatus.IN_REVIEW
    )
    town.reviews[REVIEW] = Review(
        id=REVIEW, rig_id=RIG, title="Review", branch="gt/toast/1", sha="sha-1", target_branch="main",
        base_branch="main", created_at=now, updated_at=now, source_id=BEAD, strategy=MergeStrategy.PR,
    )  # fmt: skip


def perform(stage: Stage, kind: EffectKind) -> Report:
    """Tick until the town wants this, and perform it."""
    stage.tick()
    return perform_effect(stage.outside, TOWN, stage.outbox_key(kind))


def after(stage: Stage, **later: float) -> None:
    """Let time go by, and tick."""
    stage.clock.move(timedelta(**later))
    stage.tick()


def test_a_pushed_branch_goes_all_the_way_to_a_merge_by_its_provider(stage: Stage) -> None:
    """Opened, looked at, green for five minutes, looked at again, merged: of the sha that was approved."""
    perform(stage, EffectKind.OPEN_PULL)
    for _ in range(5):
        perform(stage, EffectKind.POLL_PULL)
        stage.tick()
        after(stage, minutes=1)
    perform(stage, EffectKind.MERGE_PULL)
    stage.tick()

    assert PullStatus.MERGED is stage.git_host.pulls[1].state.status
    assert "merge sha-1" == stage.git_host.calls[-1]
    assert ({}, {}) == (stage.town.reviews, stage.town.beads)
    assert {"pat-1"} == stage.git_host.tokens


def test_the_request_says_whose_work_it_is(stage: Stage) -> None:
    """The bead's title, who merges it; its task, who did it with which model, and the gates (source-control 2.4)."""

    def tell(town: Town, moment: Moment) -> None:
        town.config.role_models, town.config.refinery.gates = {"polecat": "acme/model-1"}, ["make test"]
        toast = Agent(
            id=AgentId("agent-1"), rig_id=RIG, role=Role.POLECAT, name="Toast", identity="Toast@town",
            created_at=moment.now,
        )  # fmt: skip
        town.agents[toast.id] = toast
        town.reviews[REVIEW].summary = "Counted them all"

    stage.change(tell)
    stage.store.put_rows(TOWN, [Row(pk=f"BEAD#{BEAD}", sk="TEXT", body={"text": "Count each widget once."})])
    perform(stage, EffectKind.OPEN_PULL)

    order = stage.git_host.pulls[1].order
    assert ("Count the widgets", "gt/toast/1", "main") == (order.title, order.head, order.base)
    for told in ("Count each widget once.", "`Toast`", "`acme/model-1`", "Counted them all", "`make test`", "Gastown"):
        assert told in order.body


@pytest.mark.parametrize("secret", ["pat-of-a-person", "old-of-the-town", "hunter2-of-a-build"])
def test_the_request_tells_no_secret_of_the_town(stage: Stage, secret: str) -> None:
    """Whatever an agent or a task wrote, also where its words were cut within one."""
    held = {"github_cli_pat": "pat-of-a-person", "git_auth": {"github_token": "old-of-the-town"}}
    stage.secrets.put(f"stack/town/{TOWN}", json.dumps({**held, "env": {"BUILD": "hunter2-of-a-build"}}))

    def tell(town: Town, _moment: Moment) -> None:
        town.beads[BEAD].title = f"Use {secret}"
        town.reviews[REVIEW].summary = f"I used {secret} and then {secret[:-3]}"

    stage.change(tell)
    text = f"Log in with {secret}, or at https://me:{secret}@example.com/ " + "x" * 3_900 + secret
    stage.store.put_rows(TOWN, [Row(pk=f"BEAD#{BEAD}", sk="TEXT", body={"text": text})])
    perform(stage, EffectKind.OPEN_PULL)

    order = stage.git_host.pulls[1].order
    assert "Use ***" == order.title
    assert "I used *** and then ***" in order.body
    assert secret[:8] not in order.title + order.body


def test_a_request_that_its_agent_opened_is_found(stage: Stage) -> None:
    """Not opened twice, also when the effect is performed again because its answer was lost."""
    stage.tick()
    key = stage.outbox_key(EffectKind.OPEN_PULL)
    outbox = stage.store.live[TOWN][key]
    perform_effect(stage.outside, TOWN, key)
    stage.store.live[TOWN][key] = outbox
    report = perform_effect(stage.outside, TOWN, key)

    assert Result.PERFORMED is report.result
    assert ["open gt/toast/1"] * 2 == stage.git_host.calls
    assert 1 == len(stage.git_host.pulls)


def test_a_refusal_comes_back_as_a_value_and_is_counted(stage: Stage) -> None:
    """The effect is done; when it is asked again is the town's rule."""
    stage.git_host.refusals.append(DOWN)
    perform(stage, EffectKind.OPEN_PULL)
    stage.tick()

    watch = stage.town.reviews[REVIEW].watch
    assert ("http_error", 1, None) == (watch.refusal, watch.transient, watch.url)
    assert {} == stage.town.effects


def test_without_any_token_nothing_is_asked_and_the_review_fails_with_what_was_tried(stage: Stage) -> None:
    """REQ-4.5, 5.2: at the first time."""
    stage.secrets.put(f"stack/town/{TOWN}", "{}")
    perform(stage, EffectKind.OPEN_PULL)
    stage.tick()

    assert [] == stage.git_host.calls
    assert {} == stage.town.reviews
    assert "`town.github_cli_pat`" in str(stage.store.rows[TOWN])


def test_a_request_that_is_open_for_days_is_looked_at_and_nothing_else(stage: Stage) -> None:
    """No rule takes it for orphaned, and only a look moves the moment of the last look (REQ-5.12)."""
    perform(stage, EffectKind.OPEN_PULL)
    stage.git_host.change(feedback=Feedback(head_sha="sha-1", awaiting_approval=True))
    for pause in [timedelta(minutes=1)] * 40 + [timedelta(hours=12)] * 6:
        perform(stage, EffectKind.POLL_PULL)
        stage.tick()
        seen = stage.now
        stage.clock.move(pause)
        stage.change(lambda town, moment: touch_request(town, RIG, None, 1, moment))
        assert seen == stage.town.reviews[REVIEW].watch.polled_at

    assert (ReviewPhase.WATCHING, BeadStatus.IN_REVIEW) == (
        stage.town.reviews[REVIEW].phase,
        stage.town.beads[BEAD].status,
    )
    assert {} == stage.town.escalations
    assert {"open gt/toast/1", "pull_state", "feedback"} == set(stage.git_host.calls)


UNAUTHORIZED = HttpError(provider=Provider.GITHUB, status=401, text="Bad credentials", transient=False)


@pytest.mark.parametrize("kind", [EffectKind.OPEN_PULL, EffectKind.POLL_PULL, EffectKind.MERGE_PULL])
def test_a_credential_that_is_not_accepted_is_replaced_once_and_the_question_asked_again(
    stage: Stage, kind: EffectKind
) -> None:
    """It expired, or somebody revoked it: a review does not fail while another credential is there."""
    stage.change(lambda town, _: setattr(town.config.refinery, "auto_merge_delay_minutes", 0))
    for earlier in EffectKind.OPEN_PULL, EffectKind.POLL_PULL, EffectKind.MERGE_PULL:
        if earlier is kind:
            break
        perform(stage, earlier)
    stage.git_host.refusals.append(UNAUTHORIZED)
    perform(stage, kind)
    stage.tick()

    assert {"pat-1", "old-1"} == stage.git_host.tokens
    review = stage.town.reviews.get(REVIEW)
    assert (review is None) is (kind is EffectKind.MERGE_PULL)
    assert review is None or (None, 0) == (review.watch.refusal, review.watch.transient)


def test_where_no_credential_is_accepted_the_review_fails_at_once(stage: Stage) -> None:
    """Each is tried once, and the answer says what to do (REQ-5.2, 5.11)."""
    stage.git_host.refusals += [UNAUTHORIZED] * 2
    perform(stage, EffectKind.OPEN_PULL)
    stage.tick()

    assert ["open gt/toast/1"] * 2 == stage.git_host.calls
    assert {} == stage.town.reviews
    assert "Put a fresh one into the town's settings" in str(stage.store.rows[TOWN])


def test_a_refused_credential_names_the_others_that_were_tried(stage: Stage) -> None:
    """The one that failed says so, in its place (REQ-4.5)."""
    stage.secrets.put(f"stack/town/{TOWN}", json.dumps({"github_cli_pat": "pat-1"}))
    stage.git_host.refusals.append(UNAUTHORIZED)
    perform(stage, EffectKind.OPEN_PULL)

    [(_, data)] = stage.inbox()
    tried = "town.github_cli_pat (just failed), platform integration (none configured), town.git_auth.github_token"
    assert f"Bad credentials; no other credential: {tried}" == data["refusal"]["text"]


def test_an_instance_that_is_none_fails_at_once_with_what_is_wrong_with_it(stage: Stage) -> None:
    """Settings refuse it today; where an older version took it, nothing is sent (REQ-5.16)."""
    stage.git_hosts = replace(stage.git_hosts, gitlab=lambda url: GitLabHost(clock=stage.clock, instance_url=url or ""))
    stage.secrets.put(f"stack/town/{TOWN}", json.dumps({"git_auth": {"gitlab_token": "glpat-1"}}))

    def misconfigure(town: Town, _: Moment) -> None:
        town.rigs[RIG].git_url = "https://git.acme.example/group/widgets.git"
        town.config.git_auth.gitlab_instance_url = "http://git.acme.example"

    stage.change(misconfigure)
    perform(stage, EffectKind.OPEN_PULL)
    stage.tick()

    assert {} == stage.town.reviews
    said = (
        "GitLab was not asked: The configured GitLab instance URL 'http://git.acme.example' must begin with https://. "
    )
    assert said in str(stage.store.rows[TOWN])


def test_the_source_of_a_credential_is_shown_and_the_credential_is_not(stage: Stage) -> None:
    """A last resort has to be seen (design section 9, row 4)."""
    stage.secrets.put(f"stack/town/{TOWN}", json.dumps({"git_auth": {"github_token": "old-1"}}))
    perform(stage, EffectKind.OPEN_PULL)
    perform(stage, EffectKind.POLL_PULL)
    stage.tick()

    shown = show_watch(stage.town.reviews[REVIEW])
    assert "town.git_auth.github_token" == shown["credential_source"]
    assert "old-1" not in str((stage.store.live, stage.store.rows))


def test_a_merge_looks_once_more_and_refuses_what_is_not_green_any_more(stage: Stage) -> None:
    """A check that turned red in the last minute (source-control facts, 2.7)."""
    perform(stage, EffectKind.OPEN_PULL)
    perform(stage, EffectKind.POLL_PULL)
    stage.change(lambda town, _: setattr(town.config.refinery, "auto_merge_delay_minutes", 0))
    stage.git_host.change(feedback=Feedback(head_sha="sha-1", failing=("lint",)))
    perform(stage, EffectKind.MERGE_PULL)
    stage.tick()

    review = stage.town.reviews[REVIEW]
    assert not any(call.startswith("merge") for call in stage.git_host.calls)
    assert (ReviewPhase.WATCHING, ["check failed: lint"]) == (review.phase, review.watch.held_by)


def test_a_push_between_look_and_merge_is_not_merged(stage: Stage) -> None:
    """Only the approved sha is."""
    perform(stage, EffectKind.OPEN_PULL)
    perform(stage, EffectKind.POLL_PULL)
    stage.change(lambda town, _: setattr(town.config.refinery, "auto_merge_delay_minutes", 0))
    stage.git_host.push("gt/toast/1", "sha-2")
    perform(stage, EffectKind.MERGE_PULL)
    stage.tick()

    assert "sha-2" == stage.town.reviews[REVIEW].sha
    assert PullStatus.OPEN is stage.git_host.pulls[1].state.status


def test_an_ask_that_the_town_has_forgotten_is_dropped(stage: Stage) -> None:
    """The bead was closed meanwhile: nothing is opened for it."""
    stage.tick()
    key = stage.outbox_key(EffectKind.OPEN_PULL)
    stage.change(lambda town, _: town.reviews.clear())

    assert Result.DROPPED is perform_effect(stage.outside, TOWN, key).result
    assert [] == stage.git_host.calls


def test_a_model_may_find_that_threads_ask_for_nothing_and_is_asked_once(stage: Stage) -> None:
    """Only where the town switches it on; the same words are not judged twice."""
    perform(stage, EffectKind.OPEN_PULL)
    threads = (Thread(author="ann", body="Nice!"),)
    stage.git_host.change(feedback=Feedback(head_sha="sha-1", threads=threads))
    stage.change(lambda town, _: setattr(town.config.refinery, "auto_resolve_pr_feedback", False))
    stage.thread_judge.verdict = False
    perform(stage, EffectKind.POLL_PULL)
    stage.tick()
    assert ["1 unresolved threads"] == stage.town.reviews[REVIEW].watch.held_by
    assert 0 == stage.thread_judge.asked

    stage.change(lambda town, _: setattr(town.config.refinery, "judge_threads", True))
    for _ in range(2):
        after(stage, minutes=1)
        perform(stage, EffectKind.POLL_PULL)
        stage.tick()
    assert ([], 1) == (stage.town.reviews[REVIEW].watch.held_by, stage.thread_judge.asked)


def test_a_long_discussion_comes_back_short(stage: Stage) -> None:
    """An outcome lies in the working set for a moment: at most 4 KB."""
    perform(stage, EffectKind.OPEN_PULL)
    threads = tuple(Thread(author="ann", body="x" * 5_000, place="a.py:1") for _ in range(40))
    stage.git_host.change(feedback=replace(Feedback(head_sha="sha-1"), threads=threads))
    perform(stage, EffectKind.POLL_PULL)

    [(kind, data)] = stage.inbox()
    assert "pull_polled" == kind
    assert len(json.dumps(data)) < 4_000
    assert data["feedback"]["more_threads"]
