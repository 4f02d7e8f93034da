"""Tests of projections/rebuilding."""
