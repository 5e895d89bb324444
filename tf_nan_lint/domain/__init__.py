"""The abstract values of the analysis: dtypes, intervals, and what is known of a tensor's entries."""
