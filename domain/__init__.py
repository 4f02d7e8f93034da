"""What the register holds and decides: pure functions of frozen values, on the standard library alone."""
