"""Any file of rows, as Arrow tables of text: every cell as it is written, no row shifted and none lost."""

from commonground.engine.tabular.layout import MOST_CELL, MOST_COLUMNS, RAGGED, ROW
from commonground.engine.tabular.problems import Problem
from commonground.engine.tabular.rows import Rows, open_rows

__all__ = ["MOST_CELL", "MOST_COLUMNS", "RAGGED", "ROW", "Problem", "Rows", "open_rows"]
