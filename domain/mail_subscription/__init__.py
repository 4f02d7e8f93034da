"""Aggregate: a mail address to which the register sends what concerns a person. `lifecycle` has its commands.

Whoever subscribes an address confirms it with a code that is sent there. The code is in no event: it is derived from a
key of the register and the id.
"""
