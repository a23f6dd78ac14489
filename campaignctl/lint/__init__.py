"""Lint: rules about what recipients get, and when: a registry, and the findings for campaigns."""
