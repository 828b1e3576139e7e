"""What tests share: builders, fakes, contract suites, the emulator."""
