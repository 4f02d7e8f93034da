"""The register of regions.

Serves `region`, `regions` and `registerRegion`.
"""
