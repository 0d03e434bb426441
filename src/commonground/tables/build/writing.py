"""The files that a build writes: their columns, and how each is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from commonground.engine.clean import texts
from commonground.standards.model import CITY, FieldType, Standard
from commonground.tables.build.cleaning import ROW
from commonground.tables.build.mapping import PART, WITHHELD

ORDER: Final = "_order"
_ARROW: Final = {
    FieldType.STRING: pa.string(),
    FieldType.INTEGER: pa.int64(),
    FieldType.NUMBER: pa.float64(),
    FieldType.BOOLEAN: pa.bool_(),
    FieldType.DATE: pa.date32(),
    FieldType.DATETIME: pa.timestamp("us", tz="UTC"),
}
_FEW: Final = ("_part", "_issues0", "_issues1")
"""Columns of our own in which few numbers come again and again."""


def schema(standard: Standard) -> pa.Schema:
    """The fields of a standard, then where a row comes from, what is wrong with it, and its place in the build."""
    keys = standard.key  # differ from row to row, so that a list of words would be as long as the rows
    coded = {one.name: texts.CODED for one in standard.fields if one.type is FieldType.STRING}
    coded |= {name: pa.string() for name in keys if name != CITY and name in coded}
    fields = [pa.field(one.name, coded.get(one.name, _ARROW[one.type])) for one in standard.fields]
    ours = [("_dataset", texts.CODED), ("_part", pa.int64()), (ROW, pa.int64()), (PART, pa.int8())]
    words = [("_issues0", pa.int64()), ("_issues1", pa.int64())]
    return pa.schema([*fields, *ours, *words, (ORDER, pa.int64()), (WITHHELD, texts.CODED)])


def writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Of coded columns each word once; numbers and times that seldom come again plain, or as steps where they grow.

    The least and the largest value are told of columns by which a question finds its rows: to know them of words takes
    as long as to write them.
    """
    kinds = {one.name: one.type for one in schema}
    coded = [name for name, kind in kinds.items() if pa.types.is_dictionary(kind)]
    steps = [name for name, kind in kinds.items() if name in {ROW, ORDER} or pa.types.is_timestamp(kind)]
    few = [name for name, kind in kinds.items() if name in _FEW or pa.types.is_date(kind) or kind == pa.int8()]
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        store_schema=False,
        use_dictionary=[*coded, *few],
        column_encoding=dict.fromkeys(steps, "DELTA_BINARY_PACKED"),
        write_statistics=[CITY, *(name for name in kinds if name not in coded)],
    )
