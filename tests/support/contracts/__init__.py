"""Contract suites: what a port promises, run against its fake and against its adapter."""
