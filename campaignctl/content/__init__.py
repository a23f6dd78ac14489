"""What a recipient sees: SMS encoding and parts, push as each device shows it, email as clients cut it."""
