"""Tests of projections/tables."""
