"""Saves what an agent has not pushed: a commit in its worktree, pushed to the branch of its dispatch by the mirror."""

from gastown.container.git import Git, Remote
from gastown.container.log import say
from gastown.container.merging import identity
from gastown.container.payloads import Author, GitCredentials, MayorStart
from gastown.container.repositories import Repositories
from gastown.container.roster import Record

MESSAGE = "WIP: container eviction save"
LIMIT = 40.0
"""Seconds each step may take: all of it has to fit into the grace of a task that is being stopped."""


def author_of(record: Record) -> Author:
    """Who commits for this agent: the town's author if it names one, else the agent."""
    agent = record.start.agent
    own = Author(name=f"{agent.name} (gastown)", email=f"{agent.name}@gastown.local")
    wished = record.start.author
    return own if wished is None else Author(name=wished.name, email=wished.email or own.email)


async def save_work(record: Record, repositories: Repositories, credentials: GitCredentials | None) -> bool:
    """Commit and push an agent's open work; true if the remote has all of it now. Raises `GitError`."""
    folder = record.worktree
    start = record.start
    if folder is None or isinstance(start, MayorStart) or start.agent.role == "refinery" or not folder.exists():
        return False
    git: Git = repositories.agent_git
    if await git.run(["status", "--porcelain"], at=folder, limit=LIMIT):
        await git.run(["add", "--all"], at=folder, limit=LIMIT)
        commit = ["commit", "--quiet", "--no-verify", "-m", MESSAGE]
        await git.run(commit, at=folder, limit=LIMIT, environment=identity(author_of(record)))
    branch, rig = start.branch, start.rig
    saved = f"refs/saved/{branch}"
    mirror = repositories.places.mirror(rig.id)
    remote = Remote(url=rig.git_url, credentials=credentials)
    async with repositories.lock(rig.id):
        await repositories.git.run(["fetch", "--quiet", str(folder), f"+HEAD:{saved}"], at=mirror, limit=LIMIT)
        push = ["push", "--quiet", remote.url, f"{saved}:refs/heads/{branch}"]
        await repositories.git.run(push, at=mirror, remote=remote, limit=LIMIT)
    say("work.saved", agent_id=record.agent_id, branch=branch)
    return True
