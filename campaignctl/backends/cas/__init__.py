"""State, journal, lock and stop mark over any place with compare-and-swap."""
