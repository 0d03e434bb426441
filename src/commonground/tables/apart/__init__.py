"""Work on what a visitor gives, in a process of its own that holds no secrets and can be ended at any moment. Pure."""

from commonground.tables.apart.process import run

__all__ = ["run"]
