"""Status of the projections, and rebuilds on request.

Serves `projections` and `rebuildProjection`.
"""
