"""From source text to the value graph: files, regions, names, bindings and nodes."""
