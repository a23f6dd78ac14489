"""Thin commands: options to settings, wiring, one call, a renderer, an exit status."""
