"""When a campaign sends: instants, recurrence, zones, and the words for them. Values and pure functions."""
