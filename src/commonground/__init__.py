"""Common Ground: one open-data portal for many cities."""

__version__ = "0.1.0"
