"""Benchmarks against the stock library, on the same PostgreSQL in the same run: `python -m benchmarks`."""
