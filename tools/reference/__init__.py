"""Writes the parts of the documentation that quote the tool: `make docs`. A test compares."""
