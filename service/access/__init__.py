"""The bearers of requests: tokens of the register and of external issuers, keys, and who is blocked.

`authentication` is the one way to identify a bearer.
"""
