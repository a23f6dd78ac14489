"""Everything that knows YAML: nodes with positions, reader, values, substitution, canonical layout."""
