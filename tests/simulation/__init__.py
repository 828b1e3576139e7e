"""The town in a world of faults: a virtual clock, seeds that replay, and the invariants after every step."""
