"""Saves what an agent has not pushed: a commit in its worktree, pushed to the branch of its dispatch by the mirror."""

from gastown.container.git import Git, Remote
from gastown.container.log import say
from gastown.container.merging import identity
from gastown.container.payloads import Author, MayorStart, StartPayload
from gastown.container.repositories import CredentialProvider, Repositories
from gastown.container.roster import Record

MESSAGE = "WIP: container eviction save"
LIMIT = 40.0
"""Seconds each step may take: all of it has to fit into the grace of a task that is being stopped."""


def author_of(start: StartPayload | MayorStart) -> Author:
    """Who commits for this agent: the town's author if it names one, else the agent (container facts, 3.4)."""
    own = Author(name=f"{start.agent.name} (gastown)", email=f"{start.agent.name}@gastown.local")
    wished = start.author
    return own if wished is None else Author(name=wished.name, email=wished.email or own.email)


async def save_work(record: Record, repositories: Repositories, provider: CredentialProvider) -> bool:
    """Commit and push an agent's open work; true if the remote has all of it now. Raises `GitError`."""
    folder = record.worktree
    start = record.start
    if folder is None or isinstance(start, MayorStart) or start.agent.role == "refinery" or not folder.exists():
        return False
    git: Git = repositories.agent_git
    if await git.run(["status", "--porcelain"], at=folder, limit=LIMIT):
        await git.run(["add", "--all"], at=folder, limit=LIMIT)
        commit = ["commit", "--quiet", "--no-verify", "-m", MESSAGE]
        await git.run(commit, at=folder, limit=LIMIT, environment=identity(author_of(start)))
    branch, rig = start.branch, start.rig
    saved = f"refs/saved/{branch}"
    mirror = repositories.places.mirror(rig.id)

    async def push(remote: Remote) -> None:
        async with repositories.lock(rig.id):
            await repositories.git.run(["fetch", "--quiet", str(folder), f"+HEAD:{saved}"], at=mirror, limit=LIMIT)
            command = ["push", "--quiet", remote.url, f"{saved}:refs/heads/{branch}"]
            await repositories.git.run(command, at=mirror, remote=remote, limit=LIMIT)

    await repositories.reach(rig, provider, push)
    say("work.saved", agent_id=record.agent_id, branch=branch)
    return True
