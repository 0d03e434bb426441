"""How programs read a table: a question from an address, its rows a page at a time or all in a stream. No Django here."""
