"""Renders the lifecycle tables of the domain as docs/lifecycle.md."""
