"""A request that awaits an approval for an hour in which nothing happens: real adapters on the forge, virtual time."""

import json
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from gastown.adapters.github.git_host import GitHubHost
from gastown.adapters.gitlab.git_host import GitLabHost
from gastown.domain.effect import EffectKind
from gastown.domain.ids import BeadId, Moment
from gastown.domain.pull import MergeStrategy, Provider
from gastown.domain.review import Review, ReviewPhase
from gastown.domain.town import Town
from gastown.domain.watch import Watch
from gastown.domain.watching import touch_request
from gastown.reconciler.wake_ups import next_wake_up
from gastown.usecases.git_hosts import GitHosts
from gastown.usecases.perform_effect import perform_effect
from tests.support.forge import Forge
from tests.support.stage import RIG, TOWN, Stage

PROJECT, BRANCH = "acme/widgets", "gt/toast/1"
HOUR = timedelta(hours=1)
REVIEW = BeadId("review-1")


@dataclass(frozen=True, kw_only=True)
class QuietHour:
    """What an hour of waiting asked of a provider: looks, HTTP requests, and how many of them cost quota."""

    looks: int
    requests: int
    quota: int
    ticks: int


def wait_an_hour(provider: Provider, *, webhooks: bool) -> QuietHour:
    """Watch one request for an hour; with `webhooks` its repository sent one a moment before."""
    with Forge() as forge:
        stage = Stage()
        github = GitHubHost(clock=stage.clock, api_url=forge.url, web_host=urlsplit(forge.url).hostname or "")
        gitlab = GitLabHost(clock=stage.clock, instance_url=forge.url)
        with closing(github), closing(gitlab):
            host = urlsplit(forge.url).hostname or ""
            stage.git_hosts = GitHosts(
                github=lambda: github,
                gitlab=lambda _url: gitlab,
                github_host=host if provider is Provider.GITHUB else "github.com",
                plain=True,
            )
            _watch_one(stage, forge, provider)
            if webhooks:
                stage.change(lambda town, moment: touch_request(town, RIG, None, 0, moment))
            return _waited(stage, forge)


def _watch_one(stage: Stage, forge: Forge, provider: Provider) -> None:
    """An approved head with one green check, whose provider wants a person's approval too."""
    forge.steer.add_project(PROJECT, required_approvals=1)
    forge.steer.push(PROJECT, "main", {"README.md": "Widgets.\n"})
    sha = str(forge.steer.push(PROJECT, BRANCH, {"one.txt": "one\n"})["sha"])
    facts = forge.steer.open_request(PROJECT, BRANCH)
    forge.steer.set_check(PROJECT, "ci", sha=sha) if provider is Provider.GITHUB else None
    token = forge.steer.add_token("bot")
    secret = {"github_cli_pat": token, "git_auth": {"gitlab_token": token}}
    stage.secrets.put(f"stack/town/{TOWN}", json.dumps(secret))

    def place(town: Town, moment: Moment) -> None:
        now = moment.now
        if provider is Provider.GITLAB:
            town.config.git_auth.gitlab_instance_url = forge.url
        town.rigs[RIG].git_url = forge.git_url(PROJECT)
        town.reviews[REVIEW] = Review(
            id=REVIEW, rig_id=RIG, title="Review", branch=BRANCH, sha=sha, target_branch="main", base_branch="main",
            created_at=now, updated_at=now, strategy=MergeStrategy.PR, phase=ReviewPhase.WATCHING, approved_sha=sha,
            watch=Watch(url=str(facts[f"{provider.value}_url"]), number=int(facts["number"])),
        )  # fmt: skip

    stage.change(place)


def _waited(stage: Stage, forge: Forge) -> QuietHour:
    """Go from one moment that the town waits for to the next, and perform what it asks for."""
    forge.journal.clear()
    began, looks, ticks = stage.now, 0, 0
    while stage.now < began + HOUR:
        stage.tick()
        ticks += 1
        for key in [f"OUTBOX#{one.id}" for one in stage.town.effects.values() if one.kind is EffectKind.POLL_PULL]:
            perform_effect(stage.outside, TOWN, key)
            looks += 1
        if not stage.town.inbox:
            wake = next_wake_up(stage.town, stage.now) or began + HOUR
            stage.clock.move(min(wake, began + HOUR) - stage.now)
    watch = stage.town.reviews[REVIEW].watch
    if watch.refusal is not None or watch.awaiting_since is None:
        message = f"the request was not watched as it should be: {watch}"
        raise RuntimeError(message)
    requests = len(forge.journal.entries)
    return QuietHour(looks=looks, requests=requests, quota=forge.journal.spent(), ticks=ticks)
