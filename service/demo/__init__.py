"""The case that the project exists for, told through the served API."""
