"""`make bench`: every budget of the design beside what was measured."""
