"""Authorities and their mandates: types, queries, and the commands of administrators.

Serves `authority`, `authorities`, `registerAuthority`, `grantMandate` and `endMandate`.
"""
