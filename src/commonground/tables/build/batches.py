"""The rows of a raw part as they are read for a build: some at a time, in their order, of the columns that it needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from commonground.engine.session import literal
from commonground.tables.build.cleaning import RAGGED, ROW, quoted
from commonground.tables.build.result import Raw

if TYPE_CHECKING:
    import duckdb

BATCH: Final = 120_000
"""Rows cleaned and mapped at a time."""
_PLAIN: Final = 4


def batches(session: duckdb.DuckDBPyConnection, part: Raw, wanted: Mapping[str, str]) -> Iterator[pa.Table]:
    """The rows of a part, some at a time, in their order: of columns of many equal words each word once."""
    if part.joins:
        source = _source(session, part, wanted)
        for low in range(0, part.rows, BATCH):
            asked = f"{source} WHERE p._row > {low} AND p._row <= {low + BATCH} ORDER BY p._row"
            yield _left(part, session.sql(asked).to_arrow_table())
        return
    names = [ROW, RAGGED, *wanted]
    with pq.ParquetFile(part.path, read_dictionary=coded(part)) as file:
        for group in range(file.num_row_groups):
            yield _left(part, file.read_row_group(group, columns=names, use_threads=False))


def _left(part: Raw, rows: pa.Table) -> pa.Table:
    """The rows without those that came again in a later part."""
    if not part.overwritten:
        return rows
    return rows.filter(pc.invert(pc.is_in(rows[ROW], value_set=pa.array(part.overwritten, pa.int64()))))


def _source(session: duckdb.DuckDBPyConnection, part: Raw, wanted: Iterable[str]) -> str:
    """The rows of a part as SQL, columns of other files joined to them."""
    names = dict.fromkeys(("_row", "_ragged", *wanted), "p")
    joins = ""
    for place, one in enumerate(part.joins):
        columns = [name for name in one.columns if name not in part.names]
        firsts = ", ".join(f"first({quoted(name)}) AS {quoted(name)}" for name in columns)
        on = quoted(one.on)
        session.execute(
            f"CREATE OR REPLACE TEMP TABLE j{place} AS SELECT {on} AS key, {firsts}"
            f" FROM (FROM read_parquet({literal(str(one.path))}) ORDER BY _row) GROUP BY 1"
        )
        names |= {name: f"j{place}" for name in columns if name in names}
        joins += f" LEFT JOIN j{place} ON p.{on} = j{place}.key"
    listed = ", ".join(f"{table}.{quoted(name)}" for name, table in names.items())
    return f"SELECT {listed} FROM read_parquet({literal(str(part.path))}) p{joins}"


def coded(part: Raw) -> list[str]:
    """Columns of which a part keeps each word once: plain, a text takes more than the four bytes of its length. None
    where columns of other files are joined, for then rows are read by a question.
    """
    with pq.ParquetFile(part.path) as file:
        about = file.metadata
    if part.joins or not about.num_row_groups:
        return []
    group = about.row_group(0)
    columns = [group.column(place) for place in range(group.num_columns)]
    return [
        one.path_in_schema for one in columns if one.total_uncompressed_size < _PLAIN * (one.num_values - _nulls(one))
    ]


def _nulls(column: pq.ColumnChunkMetaData) -> int:
    return column.statistics.null_count or 0 if column.statistics else 0
