"""Thinking: what a town should do next, and when to look again. Pure: no I/O, no clock, no chance."""
