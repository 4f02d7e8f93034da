"""Status of the views, and requested rebuilds.

Serves `projections` and `rebuildProjection`.
"""
