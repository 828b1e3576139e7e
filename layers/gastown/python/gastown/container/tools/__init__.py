"""The agents' own tools: defined once in `catalog.py`, offered as the `gt` command and as an MCP server.

They run inside an agent's process tree and hold no token: the container's broker makes their calls. So nothing in here
may import the rest of the container.
"""
