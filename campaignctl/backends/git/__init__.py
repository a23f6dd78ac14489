"""State and lock on a ref of the repository's own remote, written by compare-and-swap pushes."""
