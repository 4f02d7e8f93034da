"""Tests of projections/following."""
