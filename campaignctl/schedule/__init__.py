"""When a campaign sends: instants, recurrences, time zones, windows. Values and pure functions."""
