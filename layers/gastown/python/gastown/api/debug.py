"""The operators' door (REQ-3.1 to 3.4): raw answers, no envelope. It is deployed on the stages `local` and `dev` only.

What plays an agent or moves the clock exists on the local stage alone; elsewhere those paths are not found.
"""

import time
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from pydantic import AwareDatetime, ConfigDict, Field

from gastown import bootstrap
from gastown.api import errors
from gastown.api.callers import body, raw_body
from gastown.api.convoy_views import detail, show_slung, statuses
from gastown.api.message_views import show_nudge
from gastown.api.request_log import recorded, watch_route
from gastown.api.schemas.body import Body
from gastown.api.schemas.people import ConfigBody, TaskBody
from gastown.api.status_views import show_status
from gastown.api.views import show_bead, show_convoy, show_rig, stamp
from gastown.domain.agent import Agent
from gastown.domain.bead import Bead
from gastown.domain.container import ContainerState
from gastown.domain.convoy import MergeMode
from gastown.domain.errors import Invalid, NotFound
from gastown.domain.review import Review
from gastown.domain.slinging import ConvoyOrder, Task
from gastown.ports.clock import MovableClock
from gastown.reconciler.explain import Explanation
from gastown.usecases import containers, convoys, debug_clock, history, messages, tokens
from gastown.usecases.change_config import change_plain, show_settings
from gastown.usecases.explaining import explain_all
from gastown.usecases.replay import Replay, replay
from gastown.usecases.town_items import dump
from gastown.usecases.vault import TownSecret

app = APIGatewayHttpResolver()
app.use([watch_route])
errors.install(app)
TOWN = "/debug/towns/<town_id>"
OPERATOR = "operator"
STAGES = frozenset({"local", "dev"})


class DebugSlingBody(Body):
    """A convoy, slung without a mayor (REQ-3.2)."""

    model_config = ConfigDict(populate_by_name=True)

    rig_id: str = Field(alias="rigId", min_length=1)
    title: str = Field(alias="convoyTitle", min_length=1)
    tasks: list[TaskBody] = Field(min_length=1)
    merge_mode: MergeMode | None = None
    staged: bool | None = None


class TokenBody(Body):
    """Whom to play: an agent, or without one the container."""

    agent_id: str | None = None


class ClockBody(Body):
    """How far to move the clock: forward only."""

    advance_seconds: float = Field(gt=0, le=7 * 24 * 3600)


class DryRunBody(Body):
    """When the tick would be, with a time zone; now if nothing is said."""

    at: AwareDatetime | None = None


class ReplayBody(Body):
    """A range of time, with time zones."""

    from_at: AwareDatetime = Field(alias="from")
    to_at: AwareDatetime = Field(alias="to")


def local_only() -> None:
    """Hide what only the local stage has. Raises `NotFound`."""
    if bootstrap.settings().stage != "local":
        raise NotFound("Not found")


@app.get(f"{TOWN}/status")
def status(town_id: str) -> dict[str, Any]:
    """How the town stands, with its agents and recent history."""
    work = bootstrap.unit_of_work()
    town = work.read(town_id)
    now = work.moment(town).now
    agents = [dump(agent, Agent) for agent in town.agents.values()]
    live: list[Bead | Review] = [*town.beads.values(), *town.reviews.values()]
    beads = [show_bead(bead) for bead in live]
    events = history.list_events(work, town_id, limit=20)
    explained = [dump(one, Explanation) for one in explain_all(town, now)]
    return {
        "alarmStatus": show_status(town, now),
        "agentMeta": agents,
        "beadSummary": beads,
        "recentEvents": events,
        "explain": explained,
    }


@app.get(f"{TOWN}/nudges")
def nudges(town_id: str) -> dict[str, Any]:
    """What waits to be said to agents and the mayor, oldest first, with how far it is."""
    return {"nudges": [show_nudge(words) for words in messages.all_nudges(bootstrap.unit_of_work(), town_id)]}


@app.get(f"{TOWN}/rigs")
def rigs(town_id: str) -> dict[str, Any]:
    """The town's rigs (REQ-3.1)."""
    town = bootstrap.unit_of_work().read(town_id)
    return {"rigs": [show_rig(town_id, rig) for rig in town.rigs.values()]}


@app.get(f"{TOWN}/convoys")
def active_convoys(town_id: str) -> dict[str, Any]:
    """The convoys that are not over (REQ-3.3)."""
    town = bootstrap.unit_of_work().read(town_id)
    return {"convoys": [show_convoy(convoy, statuses(town, convoy)) for convoy in town.convoys.values()]}


@app.get(f"{TOWN}/convoys/<convoy_id>")
def one_convoy(town_id: str, convoy_id: str) -> dict[str, Any]:
    """One convoy, also after it has ended."""
    return detail(town_id, convoy_id)


@app.post(f"{TOWN}/sling-convoy")
def sling_convoy(town_id: str) -> tuple[dict[str, Any], int]:
    """Sling a convoy (REQ-3.2)."""
    said = body(app, DebugSlingBody)
    tasks = tuple(Task(title=t.title, body=t.body, depends_on=tuple(t.depends_on)) for t in said.tasks)
    order = ConvoyOrder(
        rig_id=said.rig_id, title=said.title, tasks=tasks, merge_mode=said.merge_mode, staged=said.staged, by=OPERATOR
    )
    return convoys.sling(bootstrap.unit_of_work(), town_id, order, None, show_slung), 201


@app.get(f"{TOWN}/beads/<bead_id>")
def bead(town_id: str, bead_id: str) -> dict[str, Any]:
    """A bead of any type with its history."""
    work = bootstrap.unit_of_work()
    entity, text = history.find_bead(work, town_id, bead_id)
    return {"bead": show_bead(entity, text), "events": history.list_events(work, town_id, bead_id=bead_id)}


@app.get(f"{TOWN}/config")
def config(town_id: str) -> dict[str, Any]:
    """The town's settings, without its secrets, which this door may not read."""
    return show_settings(bootstrap.unit_of_work().read(town_id).config, TownSecret())


@app.patch(f"{TOWN}/config")
def update_config(town_id: str) -> dict[str, Any]:
    """Replace the settings that the body names, but no secrets."""
    changes = body(app, ConfigBody).model_dump(exclude_unset=True)
    return show_settings(change_plain(bootstrap.unit_of_work(), town_id, changes, OPERATOR), TownSecret())


@app.post(f"{TOWN}/tokens")
def token(town_id: str) -> dict[str, Any]:
    """A token to play the container, or one of its agents in its current run."""
    local_only()
    said = body(app, TokenBody)
    town, now, secrets = (
        bootstrap.unit_of_work().read(town_id),
        bootstrap.clock().now(),
        bootstrap.signing_secrets().live(),
    )
    if said.agent_id is None:
        generation = town.container.generation
        return {"token": tokens.mint_container(secrets, town_id=town_id, generation=generation, now=now)}
    agent = town.agent(said.agent_id)
    minted = tokens.mint_agent(secrets, agent, town_id=town_id, dispatch=agent.dispatch, now=now)
    return {"token": minted, "rig_id": agent.rig_id, "dispatch": agent.dispatch, "role": str(agent.role)}


@app.post(f"{TOWN}/tick")
def tick(town_id: str) -> dict[str, Any]:
    """Run a tick now and say what it did."""
    report = bootstrap.reconciler().tick(town_id)
    return {**asdict(report), "wake_at": stamp(report.wake_at)}


@app.post(f"{TOWN}/graceful-stop")
def graceful_stop(town_id: str) -> dict[str, Any]:
    """Have the container drain and leave, as a planned stop does; the next generation goes on with the work."""
    return {"stopped": True, "generation": containers.stop_gracefully(bootstrap.unit_of_work(), town_id, OPERATOR)}


@app.get(f"{TOWN}/drain-status")
def drain_status(town_id: str) -> dict[str, Any]:
    """Whether the container drains, and until when at most."""
    container = bootstrap.unit_of_work().read(town_id).container
    draining = container.state is ContainerState.DRAINING
    return {"draining": draining, "generation": container.generation, "until": stamp(container.deadline)}


@app.post(f"{TOWN}/reconcile-dry-run")
def dry_run(town_id: str) -> dict[str, Any]:
    """What a tick would do now, or at a moment ahead if nothing happens before; nothing is written."""
    desk, at = bootstrap.reconciler(), DryRunBody.model_validate(raw_body(app) or {}).at
    loaded = desk.uow.load(town_id)
    if at is not None and at < desk.uow.moment(loaded.town).now:
        raise Invalid("A dry run looks ahead; replay-events looks back", field="at")
    report = desk.rehearse(loaded, at=at)
    return {**asdict(report), "wake_at": stamp(report.wake_at)}


@app.post(f"{TOWN}/replay-events")
def replay_events(town_id: str) -> dict[str, Any]:
    """Where today's rules would have decided the ticks of a time range differently."""
    said = body(app, ReplayBody)
    if said.from_at > said.to_at:
        raise Invalid("from is after to", field="from")
    return dump(replay(bootstrap.reconciler(), town_id, said.from_at, said.to_at), Replay)


@app.get("/debug/clock")
def read_clock() -> dict[str, Any]:
    """The local stage's time, and how far it is ahead."""
    local_only()
    return _show(_clock())


@app.post("/debug/clock")
def move_clock() -> dict[str, Any]:
    """Move the clock forward; answers when the towns are quiet again."""
    local_only()
    asked, clock = body(app, ClockBody).advance_seconds, _clock()
    work = debug_clock.ClockWork(
        uow=bootstrap.unit_of_work(),
        clock=clock,
        doorbell=bootstrap.doorbell(),
        elapsed=time.monotonic,
        sleep=time.sleep,
    )
    moved = debug_clock.move_clock(work, int(asked * 1000))
    return {**_show(clock), **asdict(moved)}


def _clock() -> MovableClock:
    if isinstance(clock := bootstrap.clock(), MovableClock):
        return clock
    raise NotFound("The clock of this stack cannot be moved: it has no ClockFile")


def _show(clock: MovableClock) -> dict[str, Any]:
    return {"now": bootstrap.clock().now().isoformat(), "offset_seconds": clock.offset_ms() / 1000}


handle = recorded(app)
