"""What all bodies of requests have in common."""

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A model is made when its first request comes: a process serves few of them, and starts sooner."""

    model_config = ConfigDict(defer_build=True)
