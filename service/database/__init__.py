"""Migrations, grants, and start-up: what a process needs of the database before it can work.

`embedded` runs a private PostgreSQL in the data folder.
"""
