"""Migrations, grants, and start-up: database, migrations and token key of a process.

`embedded` runs a private PostgreSQL in the data folder.
"""
