"""What leaves the register as files, and what comes into it from files."""
