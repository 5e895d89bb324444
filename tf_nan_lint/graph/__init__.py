"""From source text to the value graph: files, names, nodes and their positions."""
