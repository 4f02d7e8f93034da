"""Aggregate: an address to which the register sends messages. `lifecycle` is the table of its commands.

Its signing keys are in no event: they are derived from a key of the register, the id and `key_generation`.
"""
