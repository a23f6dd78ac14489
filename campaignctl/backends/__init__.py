"""Where state and lock live: one adapter per kind of place, all held to one conformance suite."""
