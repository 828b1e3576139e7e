"""The nouns of a town and their legal moves: pure values, no clock, no chance, no I/O."""
