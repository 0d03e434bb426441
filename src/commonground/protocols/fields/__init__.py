"""Parsers of the values that portals publish: text, dates, areas, licenses, contacts.

Each is total: it takes any JSON value, never raises, and notes what it cannot use.
"""
