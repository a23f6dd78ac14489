"""Lint: rules about what recipients get, each with a code, a severity and a source."""
