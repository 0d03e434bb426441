"""Socrata (Tyler Data & Insights): the Discovery API, `/api/views`, and `data.json` when both are absent."""
