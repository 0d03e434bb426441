"""What the pages of tables show: sums, charts, maps, rows, remainders. Only published files and their raw parts are read."""
