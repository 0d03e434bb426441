"""What kind of rows a dataset has: guessed from its words and columns. Pure."""
