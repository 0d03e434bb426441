"""A recorded file as a table of the datastore: all columns are text, `_id` counts its rows from 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from commonground.protocols.base import RowSource
from commonground.protocols.ckan.words import ROW_NUMBER
from commonground.words import Raw


class Unknown(ValueError):
    """A column that the table has not."""


class Table:
    """Answers what `datastore_search` is asked of one table."""

    def __init__(self, source: RowSource) -> None:
        self.source = source

    def fields(self) -> list[Raw]:
        """`_id`, and the file's columns."""
        names = self.source.table().column_names
        return [{"id": ROW_NUMBER, "type": "int"}, *({"id": name, "type": "text"} for name in names)]

    def search(
        self, *, filters: Mapping[str, Any], sort: str, names: Sequence[str], offset: int, limit: int
    ) -> tuple[list[Raw], int]:
        """The rows asked for, as objects with null where the file has none, and how many there are in all.

        `filters` are values (or lists of them) by column, `sort` like `Date desc, _id`. Raises `Unknown`.
        """
        table = self.source.table()
        numbers = pa.array(range(1, table.num_rows + 1), pa.int64())
        table = table.add_column(0, ROW_NUMBER, numbers)
        for name, value in filters.items():
            wanted = [str(one) for one in (value if isinstance(value, list) else [value])]
            table = table.filter(pc.is_in(pc.cast(_known(table, name), pa.string()), pa.array(wanted, pa.string())))
        table = _sorted(table, sort)
        for name in names:
            _known(table, name)
        shown = table.select(list(names)) if names else table
        return shown.slice(offset, limit).to_pylist(), table.num_rows


def _known(table: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in table.column_names:
        raise Unknown(name)
    return table.column(name)


def _sorted(table: pa.Table, sort: str) -> pa.Table:
    keys = []
    for part in filter(None, (one.strip() for one in sort.split(","))):
        name, _, way = part.rpartition(" ") if part.lower().endswith((" asc", " desc")) else (part, "", "")
        name = name.strip().strip('"')
        _known(table, name)
        keys.append((name, "descending" if way.lower() == "desc" else "ascending"))
    return (
        table if not keys or keys[0] == (ROW_NUMBER, "ascending") else table.sort_by([*keys, (ROW_NUMBER, "ascending")])
    )
