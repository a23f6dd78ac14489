"""The project file: its model, its rules, and the one loader."""
