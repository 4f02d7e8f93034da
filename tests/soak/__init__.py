"""A soak test: clients, random kills of every process, and rebuilds, against one register; then its record is checked.

`make soak` runs it for 30 minutes. `test_short.py` runs its short form.
"""
