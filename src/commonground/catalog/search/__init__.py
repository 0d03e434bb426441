"""The search room: an index derived from the database, and one way to ask it.

`Index` keeps the folder, `Query` is a search as data and as a query string, `search` answers.
"""

from commonground.catalog.search.index import Index
from commonground.catalog.search.query import Note, Query
from commonground.catalog.search.results import Count, Hit, Piece, Results, Suggestions, ids, search

__all__ = ["Count", "Hit", "Index", "Note", "Piece", "Query", "Results", "Suggestions", "ids", "search"]
