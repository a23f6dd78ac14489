"""Results as inert values: what every output prints, below all that makes them."""
