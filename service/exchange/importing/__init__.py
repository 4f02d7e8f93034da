"""Histories from another register or a spreadsheet, decided by the rules of their own time.

From raw lines to command envelopes, one appended item for each history.
"""
