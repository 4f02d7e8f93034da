"""Authorities and their mandates."""
