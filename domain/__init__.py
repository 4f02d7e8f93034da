"""The domain of the register: aggregates, decisions and policies, as pure functions of immutable values.

Imports only the standard library.
"""
