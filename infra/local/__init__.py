"""The local stack: `template.yaml` on an emulator, and what the emulator lacks.

Here live the emulator's launcher, a small ECS agent that runs each task as a local process, and the commands that put
the stack up and down. Product code never imports this package and does not know that it runs locally.
"""
