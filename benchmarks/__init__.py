"""Benchmarks: each module has a `main` that measures, prints the ratios of one run, and returns 0 or 1."""
