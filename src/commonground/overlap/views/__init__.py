"""Pages of overlap, one file a noun."""
