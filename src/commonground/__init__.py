"""Common Ground: one open-data portal for many cities."""

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """`commonground.open`, loaded when it is asked for: all else that imports this package stays light."""
    if name == "open":
        from importlib import import_module  # by name, as no room below may seem to know the tables

        return import_module("commonground.tables.opening").open
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
