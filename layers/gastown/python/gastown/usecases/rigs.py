"""Rigs: adding one to a town and its directory, and what it decides differently."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from gastown.domain.errors import Conflict, Invalid
from gastown.domain.ids import Moment, RigId
from gastown.domain.job import Job, JobKind
from gastown.domain.removing import open_job, work_of_rig
from gastown.domain.rig import Rig, RigOverrides
from gastown.domain.town import Town
from gastown.ports.directory import RigRow
from gastown.usecases.change_config import replace_named
from gastown.usecases.unit_of_work import UnitOfWork

SSH = re.compile(r"^[\w.-]+@[\w.-]+:[\w./~-]+$")
BRANCH = re.compile(r"^(?!-)(?!.*\.\.)(?!.*//)[\w./-]+(?<!/)(?<!\.lock)$")


@dataclass(frozen=True, kw_only=True)
class RigOrder:
    """What somebody asks for when adding a rig."""

    town_id: str
    name: str
    git_url: str
    default_branch: str
    owner: str
    allow_local: bool
    gates: tuple[str, ...] | None = None
    platform_integration_id: str | None = None


def check_git_url(url: str, *, allow_local: bool) -> None:
    """Refuse what is no repository address: https or ssh; files only where the stage is local."""
    if SSH.match(url):
        return
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise Invalid("A repository address carries no credentials", field="git_url")
    if parts.scheme == "https" and parts.hostname and len(parts.path) > 1:
        return
    if allow_local and (parts.scheme in ("file", "http") or (not parts.scheme and url.startswith("/"))):
        return
    raise Invalid("A repository address is an https or ssh URL", field="git_url")


def add_rig(uow: UnitOfWork, order: RigOrder, *, key: str | None = None) -> Rig:
    """Add a rig to a town. Raises `Invalid`, `Conflict` for a name that is taken."""
    check_git_url(order.git_url, allow_local=order.allow_local)
    if not BRANCH.match(order.default_branch):
        raise Invalid("That is no branch name", field="default_branch")
    rig_id, now = RigId(uow.new_id()), uow.now()
    rig = Rig(
        id=rig_id,
        name=order.name,
        git_url=order.git_url,
        default_branch=order.default_branch,
        created_at=now,
        overrides=RigOverrides(
            gates=list(order.gates) if order.gates is not None else None,
            platform_integration_id=order.platform_integration_id,
        ),
    )
    row = RigRow(
        rig_id=rig_id, town_id=order.town_id, owner_user_id=order.owner, name=order.name, git_url=order.git_url,
        default_branch=order.default_branch, created_at=now,
    )  # fmt: skip
    uow.directory.put_rig(row)
    try:
        uow.change(order.town_id, lambda town, _: place_rig(town, rig), actor=order.owner, cause="add rig", key=key)
    except Exception:
        uow.directory.delete_rig(rig_id)
        raise
    return rig


def place_rig(town: Town, rig: Rig) -> None:
    """Put a rig into a town under a name of its own. Raises `Conflict`."""
    if any(other.name == rig.name for other in town.rigs.values()):
        raise Conflict(f"A rig named {rig.name} is there already")
    town.rigs[rig.id] = rig


def change_rig(uow: UnitOfWork, town_id: str, rig_id: str, changes: dict[str, object], by: str) -> Rig:
    """Replace the named overrides of a rig; others stay. Raises `NotFound`."""

    def move(town: Town, _moment: Moment) -> Rig:
        rig = town.rig(rig_id)
        replace_named(rig.overrides, changes)
        return rig

    return uow.change(town_id, move, actor=by, cause="change rig")


def remove_rig(uow: UnitOfWork, town_id: str, rig_id: str, by: str) -> tuple[str | None, int]:
    """Have a rig removed by a job, with everything in it: its job's id, and how much live work it takes along.

    Nothing new starts in it from now; its name is free when the job is done. Asked again, a job that was set aside is
    tried again. A rig that the town has forgotten leaves the directory at once.
    """

    def move(town: Town, moment: Moment) -> tuple[str | None, int]:
        job = next((j for j in town.jobs.values() if is_removal(j, rig_id)), None)
        rig = town.rigs.get(RigId(rig_id))
        if rig is None and job is None:
            return None, 0
        if job is None:
            arguments: dict[str, object] = {"rig_id": rig_id}
            job = Job(id=moment.new_id(), kind=JobKind.REMOVE_RIG, created_at=moment.now, arguments=arguments)
            open_job(town, job)
        job.set_aside, job.failures, job.not_before = False, 0, None
        if rig is not None:
            rig.is_leaving = True
        return job.id, len(work_of_rig(town, RigId(rig_id)))

    job_id, live = uow.change(town_id, move, actor=by, cause="remove rig")
    if job_id is None:
        uow.directory.delete_rig(rig_id)
    return job_id, live


def is_removal(job: Job, rig_id: str) -> bool:
    """Whether a job removes this rig."""
    return job.kind is JobKind.REMOVE_RIG and job.arguments["rig_id"] == rig_id
