"""The one place where ports meet adapters: typed functions, each made on first use and kept for the process.

Adapters are imported where they are made, so a door pays only for what it uses. Tests and the debug door put their
own things in place with `replace`.
"""

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gastown import settings as environment
from gastown.bootstrap.once import once
from gastown.bootstrap.once import replace as replace
from gastown.ports.alarm import Alarm
from gastown.ports.clock import Clock, MovableClock
from gastown.ports.container_runtime import ContainerRuntime
from gastown.ports.directory import Directory
from gastown.ports.doorbell import Doorbell
from gastown.ports.effects_queue import EffectsQueue
from gastown.ports.git_host import GitHost
from gastown.ports.ids import Ids
from gastown.ports.installation_tokens import InstallationTokens
from gastown.ports.life_cycle import LifeCycle
from gastown.ports.oauth_tokens import OAuthTokens
from gastown.ports.organizations import Organizations
from gastown.ports.push_channel import PushChannel
from gastown.ports.secrets import Secrets
from gastown.ports.session_snapshots import SessionSnapshots
from gastown.ports.thread_judge import ThreadJudge
from gastown.ports.town_store import TownStore
from gastown.ports.town_tables import TownTables
from gastown.ports.wake_queue import WakeQueue
from gastown.ports.workflows import Workflows
from gastown.settings import Settings
from gastown.usecases.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from gastown.usecases.errand import Outside
    from gastown.usecases.git_hosts import GitHosts
    from gastown.usecases.reconcile_town import Reconciler
    from gastown.usecases.signing import SigningSecrets
    from gastown.usecases.vault import Vault


@once
def settings() -> Settings:
    """What the environment says."""
    return environment.read(os.environ)


@once
def unit_of_work() -> UnitOfWork:
    """The one way to a town's state."""
    return UnitOfWork(store=store(), directory=directory(), wake_queue=wake_queue(), clock=clock(), ids=ids())


def begin_work() -> None:
    """Each door calls this first: a clock that somebody can move is read again (local stage only)."""
    if isinstance(present := clock(), MovableClock):
        present.refresh()


@once
def reconciler() -> "Reconciler":
    """What ticks towns."""
    from gastown.usecases.reconcile_town import Reconciler

    return Reconciler(uow=unit_of_work(), effects_queue=effects_queue(), alarm=alarm(), doorbell=doorbell())


@once
def outside() -> "Outside":
    """What effects act on."""
    from gastown.usecases.errand import Outside

    return Outside(
        uow=unit_of_work(),
        runtime=container_runtime(),
        workflows=workflows(),
        secrets=secrets(),
        signing_secret=settings().demand("signing_secret_arn"),
        container_cap=settings().container_cap,
        hosts=git_hosts(),
        thread_judge=thread_judge(),
        vault=vault(),
    )


@once
def thread_judge() -> ThreadJudge | None:
    """The model that judges threads, if the deployment names one."""
    from gastown.adapters.bedrock.thread_judge import BedrockThreadJudge

    model = settings().thread_model
    return BedrockThreadJudge(model_id=model) if model else None


@once
def git_hosts() -> "GitHosts":
    """The deployment's GitHub, and each town's GitLab."""
    from gastown.usecases.git_hosts import GitHosts

    chosen = settings()
    return GitHosts(
        github=github,
        gitlab=_gitlab,
        github_host=urlsplit(chosen.github_url).hostname or "",
        plain=chosen.stage == "local",
    )


@once
def github() -> GitHost:
    """Pull requests of GitHub."""
    from gastown.adapters.github.git_host import GitHubHost

    web_host = urlsplit(settings().github_url).hostname or ""
    return GitHubHost(clock=clock(), api_url=settings().github_api_url, web_host=web_host)


def _gitlab(instance_url: str | None) -> GitHost:
    """Merge requests of one GitLab instance."""
    from gastown.adapters.gitlab.git_host import GitLabHost
    from gastown.adapters.gitlab.instance import GITLAB_COM

    return GitLabHost(clock=clock(), instance_url=instance_url or GITLAB_COM)


@once
def store() -> TownStore:
    """Towns' working sets and rows."""
    from gastown.adapters.dynamodb.town_store import DynamoTownStore

    chosen = settings()
    return DynamoTownStore(table_prefix=chosen.demand("table_prefix"), directory_table=chosen.demand("directory_table"))


@once
def directory() -> Directory:
    """Which towns there are."""
    from gastown.adapters.dynamodb.directory import DynamoDirectory

    return DynamoDirectory(table=settings().demand("directory_table"))


@once
def organizations() -> Organizations:
    """Who belongs together."""
    from gastown.adapters.dynamodb.organizations import DynamoOrganizations

    return DynamoOrganizations(table=settings().demand("directory_table"))


@once
def town_tables() -> TownTables:
    """The tables themselves, for the function `towns` only."""
    from gastown.adapters.dynamodb.connection import shared
    from gastown.adapters.dynamodb.town_tables import DynamoTownTables

    prefix = settings().demand("table_prefix")
    return DynamoTownTables(client=lambda: shared().client, table_prefix=prefix)


@once
def session_snapshots() -> SessionSnapshots:
    """Copies of what agents' sessions remember."""
    from gastown.adapters.s3.session_snapshots import S3SessionSnapshots

    return S3SessionSnapshots(bucket=settings().demand("session_bucket"))


@once
def wake_queue() -> WakeQueue:
    """The queue that asks for ticks."""
    from gastown.adapters.sqs.wake_queue import SqsWakeQueue

    return SqsWakeQueue(queue_url=settings().demand("wake_queue_url"))


@once
def effects_queue() -> EffectsQueue:
    """The queue that announces effects."""
    from gastown.adapters.sqs.effects_queue import SqsEffectsQueue

    return SqsEffectsQueue(queue_url=settings().demand("effects_queue_url"))


@once
def alarm() -> Alarm:
    """What wakes a town at a moment."""
    from gastown.adapters.scheduler.alarm import SchedulerAlarm

    chosen = settings()
    return SchedulerAlarm(
        present=true_clock().now if chosen.clock_file else None,
        queue_url=chosen.demand("alarm_queue_url"),
        queue_arn=chosen.alarm_queue_arn,
        group=chosen.alarm_schedule_group,
        role_arn=chosen.scheduler_role_arn,
    )


@once
def container_runtime() -> ContainerRuntime:
    """Where towns' containers run."""
    from gastown.adapters.ecs.container_runtime import EcsContainerRuntime

    return EcsContainerRuntime(settings=settings())


@once
def workflows() -> Workflows:
    """The convoys' executions."""
    from gastown.adapters.stepfunctions.workflows import StepFunctionsWorkflows

    return StepFunctionsWorkflows(machine_arn=settings().convoy_machine_arn)


@once
def secrets() -> Secrets:
    """The vault."""
    from gastown.adapters.secretsmanager.secrets import SecretsManagerSecrets

    return SecretsManagerSecrets()


@once
def signing_secrets() -> "SigningSecrets":
    """What tokens of containers and agents are signed with."""
    from gastown.usecases.signing import SigningSecrets

    return SigningSecrets(secrets(), settings().demand("signing_secret_arn"), true_clock())


@once
def vault() -> "Vault":
    """Where credentials come from. Tokens of others live by the true time, whatever this stage's clock says."""
    from gastown.usecases.vault import LiveSources, Vault

    chosen = settings()
    live = LiveSources(
        installations=installation_tokens,
        app_secret=chosen.github_app_secret_arn,
        oauth=oauth_tokens,
        store=unit_of_work().store,
        clock=true_clock(),
    )
    return Vault(
        secrets=secrets(),
        signing_secret=chosen.signing_secret_arn,
        town_prefix=chosen.town_secret_prefix,
        known=git_hosts().known,
        live=live,
    )


@once
def installation_tokens() -> InstallationTokens:
    """What mints tokens of the stack's GitHub App."""
    from gastown.adapters.github_app.installation_tokens import GitHubInstallationTokens

    return GitHubInstallationTokens(clock=true_clock(), api_url=settings().github_api_url)


@once
def oauth_tokens() -> OAuthTokens:
    """What renews OAuth tokens of GitLab instances."""
    from gastown.adapters.gitlab.oauth_tokens import GitLabOAuthTokens

    return GitLabOAuthTokens(clock=true_clock())


@once
def doorbell() -> Doorbell:
    """What rings containers."""
    from gastown.adapters.websocket.doorbell import WebSocketDoorbell

    return WebSocketDoorbell(endpoint=settings().live_endpoint)


@once
def push_channel() -> PushChannel:
    """What people who watch are told by."""
    from gastown.adapters.websocket.push_channel import WebSocketPushChannel

    return WebSocketPushChannel(endpoint=settings().live_endpoint)


@once
def life_cycle() -> LifeCycle:
    """What moves a town from creating to active and from deleting to gone."""
    from gastown.adapters.functions.life_cycle import LambdaLifeCycle

    return LambdaLifeCycle(function_name=settings().demand("towns_function"))


@once
def clock() -> Clock:
    """The present; on the local stage it can be moved."""
    from gastown.adapters.system.clock import OffsetClock
    from gastown.adapters.system.clock_offset import FileClockOffset

    moved_by = settings().clock_file
    return OffsetClock(true_clock(), FileClockOffset(moved_by)) if moved_by else true_clock()


@once
def true_clock() -> Clock:
    """The present as everybody else knows it."""
    from gastown.adapters.system.clock import SystemClock

    return SystemClock()


@once
def ids() -> Ids:
    """New ids."""
    from gastown.adapters.system.ids import SystemIds

    return SystemIds()
