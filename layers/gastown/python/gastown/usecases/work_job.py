"""One slice of a town's oldest job in each tick: rows are deleted before the commit that moves the job's cursor.

A crash in between repeats one slice and loses nothing: deleting rows again is harmless, and what was live leaves the
working set only with the commit; its own rows go with the next slice (`pending`).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from gastown.domain.attempts import JOBS
from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.errors import Conflict, Unavailable
from gastown.domain.escalation import Escalation, Severity
from gastown.domain.ids import BeadId, Moment, RigId
from gastown.domain.job import Job, JobKind
from gastown.domain.limits import JOB_ITEMS, JOB_WEIGHT
from gastown.domain.molecule import Molecule
from gastown.domain.removing import clear_rig, deletable, delete_bead, forget_bead, is_cleared, weight
from gastown.domain.town import Town
from gastown.domain.warning import raise_escalation
from gastown.usecases.history import KIND_TYPES, bead_status
from gastown.usecases.sweep_rows import final_of, sweep, sweep_beads, traces_of, traces_of_line
from gastown.usecases.unit_of_work import UnitOfWork

LINES = 200
"""Lines of a list of finished beads that one slice looks at."""

CATCH_UPS = 10
"""Calls that may write missing history before a slice; rows written after their bead's deletion would stay."""


@dataclass(frozen=True, kw_only=True)
class Slice:
    """What one commit does for a job: `ids` leave the town, and after each of them the cursor may stand at its mark."""

    job_id: str
    ids: tuple[BeadId, ...] = ()
    marks: tuple[str, ...] = ()
    cursor: str | None = None
    rows: int = 0
    """Finished beads whose rows were deleted and that nothing live can point at."""
    remove_rig: bool = False
    over: bool = False
    error: str | None = None
    postponed: bool = False


def next_slice(uow: UnitOfWork, town: Town, now: datetime) -> Slice | None:
    """The next slice of the oldest job that is due, its rows deleted already; a fault becomes part of the slice."""
    job = min((j for j in town.jobs.values() if j.is_due(now)), key=lambda j: (j.created_at, j.id), default=None)
    if job is None:
        return None
    try:
        _catch_up(uow, town)
        sweep_beads(uow, town.id, job.pending)
        return _prepare(uow, town, job)
    except Unavailable as away:
        return Slice(job_id=job.id, error=str(away), postponed=True)
    except Exception as fault:  # noqa: BLE001 - one bad job stops nothing else; it is counted and shown
        return failed(Slice(job_id=job.id), fault)


def failed(work: Slice, fault: Exception) -> Slice:
    """The same slice as one that only counts its fault."""
    return Slice(job_id=work.job_id, error=f"{type(fault).__name__}: {fault}")


def _catch_up(uow: UnitOfWork, town: Town) -> None:
    for _ in range(CATCH_UPS):
        uow.catch_up(town)
        if town.projected >= town.version:
            return
    raise Unavailable("History is being caught up")


def _prepare(uow: UnitOfWork, town: Town, job: Job) -> Slice:
    match job.kind:
        case JobKind.DELETE_BEADS:
            return _by_id(uow, town, job)
        case JobKind.DELETE_BY_STATUS if job.arguments["status"] in (BeadStatus.CLOSED, BeadStatus.FAILED):
            return _ended_by_status(uow, town, job)
        case JobKind.DELETE_BY_STATUS:
            ids = _live_by_status(town, job)[:JOB_ITEMS]
            return Slice(job_id=job.id, ids=tuple(ids), marks=("",) * len(ids), over=not ids)
        case JobKind.REMOVE_RIG:
            return _rig(uow, town, job)


def ids_key(job_id: str, chunk: int) -> tuple[str, str]:
    """Where a job keeps one chunk of the ids that it was asked to delete."""
    return f"JOB#{job_id}", f"IDS#{chunk:05d}"


def _by_id(uow: UnitOfWork, town: Town, job: Job) -> Slice:
    chunk, offset = (int(part) for part in (job.cursor or "0:0").split(":"))
    row = uow.store.read_row(town.id, *ids_key(job.id, chunk), consistent=True)
    if row is None:
        uow.store.delete_rows(town.id, [ids_key(job.id, n) for n in range(chunk)])
        return Slice(job_id=job.id, over=True)
    live = {entity.id for entity in town.live_beads()}
    found, traces = [], []
    for place, bead_id in enumerate(row["ids"][offset:], offset + 1):
        if bead_id not in live:
            entity = final_of(uow, town.id, bead_id)
            if entity is not None and getattr(entity, "rig_id", None) != job.arguments["rig_id"]:
                continue
            traces.append(traces_of(bead_id, entity))
        found.append((BeadId(bead_id), f"{chunk}:{place}"))
    sweep(uow, town.id, traces)
    ids, marks = tuple(bead_id for bead_id, _ in found), tuple(mark for _, mark in found)
    return Slice(job_id=job.id, ids=ids, marks=marks, cursor=f"{chunk + 1}:0")


def _live_by_status(town: Town, job: Job) -> list[BeadId]:
    """Live beads, escalations and molecules of the rig that were there when the job was asked for."""
    rig_id, status, kind = (job.arguments.get(name) for name in ("rig_id", "status", "type"))
    work: list[tuple[Bead | Escalation | Molecule, str, str]] = [
        *((bead, str(bead.status), "issue") for bead in town.beads.values()),
        *((raised, "open", "escalation") for raised in town.escalations.values()),
        *((molecule, str(molecule.status), "molecule") for molecule in town.molecules.values()),
    ]
    return [
        one.id
        for one, stands, type_ in work
        if (one.rig_id, stands) == (rig_id, status) and kind in (None, type_) and one.created_at <= job.created_at
    ]


def _ended_by_status(uow: UnitOfWork, town: Town, job: Job) -> Slice:
    rig_id, status, kind = str(job.arguments["rig_id"]), job.arguments["status"], job.arguments.get("type")
    pk = f"DONE#{rig_id}"
    page, more = uow.store.list_rows(town.id, pk, limit=LINES, before=job.cursor)
    chosen = [
        (sort_key, line)
        for sort_key, line in page
        if bead_status(line) == status and kind in (None, KIND_TYPES[line["kind"]])
    ]
    kept, rest = chosen[:JOB_ITEMS], chosen[JOB_ITEMS:]
    sweep(uow, town.id, [traces_of_line(uow, town.id, (pk, sk), line) for sk, line in kept])
    return Slice(
        job_id=job.id,
        ids=tuple(BeadId(line["id"]) for _, line in kept),
        marks=tuple(sort_key for sort_key, _ in kept),
        cursor=kept[-1][0] if rest else more,
        over=not rest and more is None,
    )


def _rig(uow: UnitOfWork, town: Town, job: Job) -> Slice:
    rig_id = RigId(str(job.arguments["rig_id"]))
    if rig_id not in town.rigs:
        uow.directory.delete_rig(rig_id)
        return Slice(job_id=job.id, over=True)
    if not is_cleared(town, rig_id):
        return Slice(job_id=job.id)
    pk = f"DONE#{rig_id}"
    page, _ = uow.store.list_rows(town.id, pk, limit=JOB_ITEMS)
    sweep(uow, town.id, [traces_of_line(uow, town.id, (pk, sk), line) for sk, line in page])
    return Slice(job_id=job.id, rows=len(page), remove_rig=not page)


def apply_slice(town: Town, work: Slice, moment: Moment) -> None:
    """Carry a slice out in memory (`JOB_WEIGHT` items, or one bead's weight): the cursor moves with it."""
    job = town.jobs[work.job_id]
    if work.error is not None:
        _count_failure(town, job, work, moment)
        return
    job.pending, job.failures, job.error, job.not_before = [], 0, None, None
    if job.kind is JobKind.REMOVE_RIG:
        _shrink_rig(town, job, work, moment)
    else:
        work = _take_out(town, job, work, moment)
        job.cursor = work.cursor or job.cursor
    job.done += work.rows
    if work.over:
        del town.jobs[job.id]


def _take_out(town: Town, job: Job, work: Slice, moment: Moment) -> Slice:
    """Take the slice's beads out as far as there is room; the slice as far as it came."""
    spent = 0
    for place, bead_id in enumerate(work.ids):
        costs = weight(town, bead_id)
        if spent and spent + costs > JOB_WEIGHT:
            return replace(work, over=False, cursor=work.marks[place - 1])
        spent += costs
        try:
            live = deletable(town, bead_id)
        except Conflict:
            continue
        job.done += 1
        if live is None:
            forget_bead(town, bead_id, "reconciler", moment)
        elif getattr(live, "rig_id", None) == job.arguments["rig_id"]:
            job.pending += delete_bead(town, bead_id, "reconciler", moment)
    return work


def _shrink_rig(town: Town, job: Job, work: Slice, moment: Moment) -> None:
    rig_id, spent = RigId(str(job.arguments["rig_id"])), 0
    if work.remove_rig:
        del town.rigs[rig_id]
    elif not work.rows and not work.over:
        heaviest = max((weight(town, bead.id) for bead in town.beads.values() if bead.rig_id == rig_id), default=12)
        while not spent or spent + heaviest <= JOB_WEIGHT:
            gone = clear_rig(town, rig_id, moment)
            if gone is None:
                return
            spent += heaviest
            job.done += 1
            job.pending += gone


def _count_failure(town: Town, job: Job, work: Slice, moment: Moment) -> None:
    job.error = (work.error or "")[:500]
    job.not_before = moment.now + JOBS.wait(job.failures)
    if work.postponed:
        return
    job.failures += 1
    if not JOBS.is_over(job.failures):
        return
    job.set_aside = True
    raise_escalation(
        town,
        moment,
        cause=f"job:{job.id}",
        severity=Severity.HIGH,
        title=f"A job was set aside: {job.kind}",
        message=f"{job.error}. {job.done} done. Ask for it again to have it tried again.",
        metadata={"job_id": job.id, "kind": str(job.kind)},
    )
