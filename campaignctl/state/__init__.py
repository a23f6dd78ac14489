"""The state of created campaigns: its values, its steps, and their JSON documents."""
