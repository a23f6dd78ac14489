"""Benchmarks: each a module with a `main` that measures, prints ratios of one run, and returns 0 or 1."""
