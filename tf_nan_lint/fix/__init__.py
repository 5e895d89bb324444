"""From rewrites of the graph to edits of the source, and from edits to a repaired file."""
