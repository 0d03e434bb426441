"""Overlap: where cities publish the same thing, where they do not, and why we think so.

Pure files guess (texts, grain, lexical, scoring, columns, matrix); `store` keeps guesses, which can be thrown away and
made again, apart from what persons decided (`decisions`), which is kept for ever.
"""
