"""State and lock in tables of PostgreSQL, written by compare-and-swap of a row."""
