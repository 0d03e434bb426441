"""Columns: what their names mean, which of two lists mean the same, what a city has of them, what their rows look like. Pure."""
