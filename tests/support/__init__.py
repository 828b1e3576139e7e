"""What tests share: builders, fakes of ports (named like the port), contract suites and the emulator's fixture."""
