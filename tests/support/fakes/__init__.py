"""Stand-ins for the ports, each of its port's name and held to its port's contract."""
