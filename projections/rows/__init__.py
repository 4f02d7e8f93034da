"""How events become rows: versions and items of states, changes, entries of the audit trail, running counts.

Used by the views. Knows no particular view.
"""
