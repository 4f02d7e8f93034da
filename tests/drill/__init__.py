"""The drill: a register under load is backed up, destroyed with its disk, restored and verified.

The long form of tests/e2e/test_backup.py.
"""
