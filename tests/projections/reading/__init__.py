"""Tests of projections/reading."""
