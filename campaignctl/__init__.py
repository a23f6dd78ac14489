"""Campaigns as code for Ocamba: manifests in, a reviewed plan, and an apply that never sends twice."""

__version__ = "0.1.0"
