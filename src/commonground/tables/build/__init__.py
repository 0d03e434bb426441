"""Raw parts to the rows of a standard: clean, map, check, settle. Pure; what is kept and shown stands above."""
