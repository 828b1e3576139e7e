"""Deleting beads: one leaves the town at once, many by a job; rows always go by a job (design section 2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from gastown.domain.bead import BeadStatus
from gastown.domain.errors import Conflict, Invalid, NotFound
from gastown.domain.ids import BeadId, Moment
from gastown.domain.job import Job, JobKind
from gastown.domain.limits import JOB_ITEMS, MAX_BULK_IDS, MAX_JOBS
from gastown.domain.removing import deletable, delete_bead, forget_bead, leave_rows, open_job
from gastown.domain.town import Town
from gastown.ports.town_store import Row
from gastown.usecases.sweep_rows import final_of
from gastown.usecases.unit_of_work import UnitOfWork
from gastown.usecases.work_job import ids_key

IDS_LIFE = timedelta(days=30)
"""How long a job's ids are kept at most; they are written before the job, which may be refused."""


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """A rig's beads, and who wants to change them."""

    town_id: str
    rig_id: str
    by: str


def delete_one(uow: UnitOfWork, shelf: Shelf, bead_id: str) -> None:
    """Delete a bead, live or ended; its rows follow. Raises `NotFound`, and `Conflict` for reviews and convoys."""

    def move(town: Town, moment: Moment) -> None:
        rig = town.rig(shelf.rig_id)
        entity = deletable(town, BeadId(bead_id))
        found = entity or final_of(uow, shelf.town_id, bead_id)
        if found is None or getattr(found, "rig_id", None) != rig.id:
            raise NotFound(f"Bead {bead_id} not found")
        gone = [BeadId(bead_id)]
        if entity is None:
            forget_bead(town, BeadId(bead_id), shelf.by, moment)
        else:
            gone = delete_bead(town, BeadId(bead_id), shelf.by, moment)
        leave_rows(town, rig.id, gone, moment)

    uow.change(shelf.town_id, move, actor=shelf.by, cause="delete bead")


def delete_many(uow: UnitOfWork, shelf: Shelf, bead_ids: Sequence[str], key: str | None = None) -> Job:
    """Have beads of one rig deleted by a job; ids of other rigs are left alone. Raises `NotFound`, `Invalid`."""
    wanted = list(dict.fromkeys(bead_ids))
    if not 1 <= len(wanted) <= MAX_BULK_IDS:
        raise Invalid(f"1 to {MAX_BULK_IDS} ids", field="bead_ids")
    uow.read(shelf.town_id).rig(shelf.rig_id)
    job_id = uow.new_id()
    chunks = [wanted[start : start + JOB_ITEMS] for start in range(0, len(wanted), JOB_ITEMS)]
    keys = [ids_key(job_id, number) for number in range(len(chunks))]
    until = int((uow.now() + IDS_LIFE).timestamp())
    rows = [Row(pk=pk, sk=sk, body={"ids": ids}, expires_at=until) for (pk, sk), ids in zip(keys, chunks, strict=True)]
    uow.store.put_rows(shelf.town_id, rows)
    return _ask(uow, shelf, JobKind.DELETE_BEADS, {"ids": len(wanted)}, job_id, key)


def delete_by_status(
    uow: UnitOfWork, shelf: Shelf, status: BeadStatus, kind: str | None = None, key: str | None = None
) -> Job:
    """Have a rig's beads of one status, and of one type if named, deleted by a job. Raises `NotFound`, `Conflict`."""
    arguments: dict[str, object] = {"status": str(status), "type": kind}
    return _ask(uow, shelf, JobKind.DELETE_BY_STATUS, arguments, uow.new_id(), key)


def _ask(
    uow: UnitOfWork, shelf: Shelf, kind: JobKind, arguments: dict[str, object], job_id: str, key: str | None
) -> Job:
    def move(town: Town, moment: Moment) -> Job:
        rig = town.open_rig(shelf.rig_id)
        if len(town.jobs) >= MAX_JOBS:
            raise Conflict(f"{MAX_JOBS} jobs wait already")
        job = Job(id=job_id, kind=kind, created_at=moment.now, arguments={"rig_id": rig.id, **arguments})
        return open_job(town, job)

    return uow.change(
        shelf.town_id,
        move,
        actor=shelf.by,
        cause=str(kind),
        key=key,
        answer=lambda job: {"status": 202, "data": accepted(job)},
    )


def accepted(job: Job) -> dict[str, object]:
    """What somebody who asked for a deletion is told: how much at most, and where to look."""
    return {"job_id": job.id, "asked_for": job.arguments.get("ids"), "accepted": True}


def list_jobs(uow: UnitOfWork, town_id: str) -> list[Job]:
    """The jobs that are not done, oldest first."""
    return sorted(uow.read(town_id).jobs.values(), key=lambda job: (job.created_at, job.id))
