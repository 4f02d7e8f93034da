"""Tests of service/database."""
