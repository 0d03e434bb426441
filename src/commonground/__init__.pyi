from commonground.tables.opening import Portal as Portal
from commonground.tables.opening import Table as Table
from commonground.tables.opening import open as open  # noqa: A004 - commonground.open

__version__: str
