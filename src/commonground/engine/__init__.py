"""The engine: the one place that knows DuckDB. Rows go in as text, because engines disagree on dirty values."""
