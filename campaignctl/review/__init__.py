"""Results as inert values, which every output prints."""
