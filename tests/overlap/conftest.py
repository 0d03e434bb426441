"""The small catalog of the pages' tests."""

from tests.web.conftest import catalog, home, write

__all__ = ["catalog", "home", "write"]
