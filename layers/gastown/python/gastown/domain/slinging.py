"""New work: single beads and convoys of them, checked whole before anything is created."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from gastown.domain.bead import HELD, Bead, Priority
from gastown.domain.convoy import Convoy, ConvoyState, MergeMode, feature_branch
from gastown.domain.effect import Effect, EffectKind
from gastown.domain.errors import Conflict, Invalid
from gastown.domain.event import Note
from gastown.domain.ids import BeadId, EffectId, Moment, RigId
from gastown.domain.limits import MAX_ANNOUNCED, MAX_BODY_BYTES, MAX_CONVOY_TASKS, MAX_TITLE
from gastown.domain.telling import tell_mayor
from gastown.domain.timing import check_time_limit
from gastown.domain.town import Town

SIDE_BY_SIDE = (
    "Several tasks without any depends_on run side by side and may conflict when they touch the same files: "
    "put them in order with depends_on, or say parallel: true"
)


@dataclass(frozen=True, kw_only=True)
class Task:
    """One bead to be: `depends_on` are positions of earlier or later tasks of the same convoy."""

    title: str
    body: str | None = None
    depends_on: tuple[int, ...] = ()
    priority: Priority = Priority.MEDIUM
    labels: tuple[str, ...] = ()
    metadata: dict[str, object] = field(default_factory=dict)


def sling_bead(town: Town, rig_id: str, task: Task, by: str | None, moment: Moment, *, held: bool = False) -> Bead:
    """Create one open bead (1 item); `held` keeps it until a person starts it. `NotFound`, `Invalid`, `Conflict`."""
    rig = town.open_rig(rig_id)
    check_task(task, "title")
    bead = _create(town, rig.id, task, by, moment)
    if held and HELD not in bead.labels:
        bead.labels.insert(0, HELD)
    return bead


def announce_held(town: Town, bead: Bead, moment: Moment) -> None:
    """Tell the mayor of a bead that a person made and holds, with what it can do about it (1 item; town facts, 2.8)."""
    body = town.texts.get(bead.id, "")[:MAX_ANNOUNCED]
    words = (
        f"[Held bead] {bead.id} in rig {bead.rig_id}: {bead.title}\n{body}\n\n"
        "A person made it and holds it: nobody works on it yet. Look into it and plan it with them, split it into a "
        f"staged convoy, or let it go by taking its label {HELD} off."
    )
    tell_mayor(town, words, moment, source="bead")


def check_task(task: Task, where: str) -> None:
    """Refuse a task whose title or body is out of bounds, naming the field."""
    if not task.title.strip() or len(task.title) > MAX_TITLE:
        raise Invalid(f"A title has 1 to {MAX_TITLE} characters", field=where)
    if task.body is not None and len(task.body.encode()) > MAX_BODY_BYTES:
        raise Invalid(f"A body has at most {MAX_BODY_BYTES} bytes", field=where.replace("title", "body"))
    check_time_limit(task.metadata)


def _create(town: Town, rig_id: RigId, task: Task, by: str | None, moment: Moment) -> Bead:
    bead = Bead(
        id=BeadId(moment.new_id()),
        rig_id=rig_id,
        title=task.title,
        created_at=moment.now,
        updated_at=moment.now,
        priority=task.priority,
        labels=list(task.labels),
        metadata=dict(task.metadata),
        created_by=by,
    )
    town.beads[bead.id] = bead
    if task.body:
        town.texts[bead.id] = task.body
    town.note(
        Note(
            bead_id=bead.id, type="created", at=moment.now, new="open", metadata={"type": "issue", "title": bead.title}
        )
    )
    return bead


@dataclass(frozen=True, kw_only=True)
class ConvoyOrder:
    """What somebody asks for when slinging a convoy; absent values come from the town's settings."""

    rig_id: str
    title: str
    tasks: tuple[Task, ...]
    merge_mode: MergeMode | None = None
    staged: bool | None = None
    by: str | None = None
    parallel: bool | None = None
    """Whether the tasks may run side by side; false refuses several tasks without any edge, none does not ask."""


def sling_convoy(town: Town, order: ConvoyOrder, moment: Moment) -> Convoy:
    """Create a convoy with all its beads and edges (tasks + 2 items). Raises `NotFound`, `Invalid`, `Conflict`."""
    rig = town.open_rig(order.rig_id)
    check_order(order)
    convoy = _open_convoy(town, rig.id, order, moment)
    beads = [_create(town, rig.id, task, order.by, moment) for task in order.tasks]
    for bead, task in zip(beads, order.tasks, strict=True):
        bead.convoy_id = convoy.id
        bead.blockers = [beads[index].id for index in dict.fromkeys(task.depends_on)]
        bead.metadata |= {"convoy_id": convoy.id, "feature_branch": convoy.feature_branch}
    convoy.beads = [bead.id for bead in beads]
    start_execution(town, convoy, moment)
    return convoy


def convoy_over(town: Town, title: str, bead_ids: Sequence[str], by: str | None, moment: Moment) -> Convoy:
    """Make a convoy over live beads of one rig (beads + 2 items). Raises `NotFound`, `Invalid`, `Conflict`."""
    check_task(Task(title=title), "title")
    if not 1 <= len(bead_ids) <= MAX_CONVOY_TASKS:
        raise Invalid(f"A convoy has 1 to {MAX_CONVOY_TASKS} beads", field="beads")
    beads = [town.bead(bead_id) for bead_id in dict.fromkeys(bead_ids)]
    town.open_rig(beads[0].rig_id)
    if len({bead.rig_id for bead in beads}) > 1:
        raise Invalid("All beads of a convoy belong to one rig", field="beads")
    if any(bead.convoy_id or bead.assignee for bead in beads):
        raise Conflict("A bead is already in a convoy or already has an agent")
    if any(bead.is_triage_batch for bead in beads):
        raise Conflict("A triage batch belongs to no convoy")
    order = ConvoyOrder(rig_id=beads[0].rig_id, title=title, tasks=(), by=by)
    convoy = _open_convoy(town, beads[0].rig_id, order, moment)
    for bead in beads:
        bead.convoy_id = convoy.id
    convoy.beads = [bead.id for bead in beads]
    start_execution(town, convoy, moment)
    return convoy


def check_order(order: ConvoyOrder) -> None:
    """Refuse an order with wrong bounds, positions out of range, or a cycle; nothing has been created yet."""
    check_task(Task(title=order.title), "convoy_title")
    if not 1 <= len(order.tasks) <= MAX_CONVOY_TASKS:
        raise Invalid(f"A convoy has 1 to {MAX_CONVOY_TASKS} tasks", field="tasks")
    if order.parallel is False and len(order.tasks) > 1 and not any(task.depends_on for task in order.tasks):
        raise Invalid(SIDE_BY_SIDE, field="tasks")
    for place, task in enumerate(order.tasks):
        check_task(task, f"tasks.{place}.title")
        for index in task.depends_on:
            if not 0 <= index < len(order.tasks) or index == place:
                raise Invalid(f"Task {place} cannot depend on task {index}", field=f"tasks.{place}.depends_on")
    try:
        TopologicalSorter({place: task.depends_on for place, task in enumerate(order.tasks)}).prepare()
    except CycleError as cycle:
        raise Invalid(f"The tasks form a cycle: {cycle.args[1]}", field="tasks") from cycle


def _open_convoy(town: Town, rig_id: RigId, order: ConvoyOrder, moment: Moment) -> Convoy:
    staged = town.config.staged_convoys_default if order.staged is None else order.staged
    convoy_id = BeadId(moment.new_id())
    convoy = Convoy(
        id=convoy_id,
        rig_id=rig_id,
        title=order.title,
        merge_mode=order.merge_mode or town.rules_for(rig_id).convoy_merge_mode,
        feature_branch=feature_branch(order.title, convoy_id),
        created_at=moment.now,
        updated_at=moment.now,
        created_by=order.by,
        state=ConvoyState.STAGED if staged else ConvoyState.ACTIVE,
    )
    town.convoys[convoy_id] = convoy
    town.note(
        Note(
            bead_id=convoy_id,
            type="created",
            at=moment.now,
            new=convoy.state,
            metadata={"type": "convoy", "title": convoy.title},
        )
    )
    return convoy


def start_execution(town: Town, convoy: Convoy, moment: Moment) -> None:
    """Ask for the state machine execution that mirrors this convoy; each call asks for a new one."""
    convoy.execution += 1
    effect = Effect(
        id=EffectId(moment.new_id()),
        kind=EffectKind.START_EXECUTION,
        created_at=moment.now,
        arguments={"convoy_id": convoy.id, "execution": convoy.execution},
    )
    town.effects[effect.id] = effect
