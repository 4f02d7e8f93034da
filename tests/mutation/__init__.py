"""Mutation testing: whether the tests detect a change of the code. `make mutants` runs it."""
