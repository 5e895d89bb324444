"""What is known of every value of the graph: ranges, what is reached, dtypes, and in which context a value is used."""
