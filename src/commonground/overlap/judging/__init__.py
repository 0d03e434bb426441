"""How good guesses are: against gold that persons labeled. Pure."""
