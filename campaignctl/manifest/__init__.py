"""Manifests: read from YAML with positions, compiled to the desired state."""
