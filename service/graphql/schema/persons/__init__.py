"""Persons who are blocked: the commands of administrators.

Serves `blockPerson` and `unblockPerson`.
"""
