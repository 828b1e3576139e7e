"""The process inside a town's ECS task: it pulls commands, runs agents in git worktrees and merges what was approved.

`python -m gastown.container` starts it. It is a client of the `agents` door: it knows no AWS, no tables and no rules of
a town. Nothing in here writes `os.environ`, and no credential is written to a log, a remote's URL or a repository's
configuration.
"""
