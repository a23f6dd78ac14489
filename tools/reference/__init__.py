"""Writes the reference pages of docs/ from the code, so that they say what the code does.

`python -m tools.reference` writes them; a test compares them with what would be written.
"""
