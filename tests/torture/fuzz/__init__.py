"""A fuzz of everything that reads what others wrote: manifests, project file, state, plan, answers."""
