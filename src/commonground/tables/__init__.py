"""Tables: the rows of all cities in one standard, from raw parts to published ones."""
