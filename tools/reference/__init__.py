"""Writes what the documentation quotes of the tool: `make docs`. A test compares."""
