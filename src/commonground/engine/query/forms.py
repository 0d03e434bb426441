"""The forms of an answer, each written as its rows come, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, BinaryIO, Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from commonground.engine.query.pool import Told
from commonground.engine.query.values import OPTIONS, finite, plain, text

_FORMULA: Final = r"^[=+\-@\t\r\n]"
_NUMBER: Final = r"^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$"


class Form(StrEnum):
    """How an answer is written.

    JSON has values as `values.plain` tells. CSV (UTF-8, RFC 4180) has the same values; a text that a spreadsheet would
    take for a formula gets an apostrophe in front. Arrow is an IPC stream, Parquet is compressed with zstd.
    """

    JSON = "json"
    CSV = "csv"
    ARROW = "arrow"
    PARQUET = "parquet"


MEDIA_TYPES: Final = {
    Form.JSON: "application/json; charset=utf-8",
    Form.CSV: "text/csv; charset=utf-8; header=present",
    Form.ARROW: "application/vnd.apache.arrow.stream",
    Form.PARQUET: "application/vnd.apache.parquet",
}
Batches = Iterator[pa.RecordBatch]


def columns(schema: pa.Schema) -> list[dict[str, str]]:
    """`name` and `type` of each column, the type as our standards call it; what they lack is `any`."""
    return [{"name": one.name, "type": _type(one.type)} for one in schema]


def _type(kind: Any) -> str:  # noqa: ANN401 - Arrow's types are not told to type checkers
    tests = (
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_integer, "integer"),
        (pa.types.is_floating, "number"),
        (pa.types.is_decimal, "number"),
        (pa.types.is_date, "date"),
        (pa.types.is_timestamp, "datetime"),
        (pa.types.is_time, "time"),
        (pa.types.is_interval, "duration"),
        (pa.types.is_map, "object"),
        (pa.types.is_struct, "object"),
        (pa.types.is_union, "any"),
        (pa.types.is_nested, "array"),
        (pa.types.is_null, "any"),
    )
    whole = pa.types.is_decimal(kind) and kind.scale == 0
    return "integer" if whole else next((name for test, name in tests if test(kind)), "string")


def write(form: Form, told: Told, batches: Batches, sink: BinaryIO, about: Sequence[Mapping[str, Any]] = ()) -> None:
    """Write an answer. `told` is read when all its batches have come; `about` is told of its tables in JSON."""
    if form is Form.JSON:
        _json(told, batches, sink, about)
    else:
        {Form.CSV: _csv, Form.ARROW: _arrow, Form.PARQUET: _parquet}[form](told, batches, sink)


def _json(told: Told, batches: Batches, sink: BinaryIO, about: Sequence[Mapping[str, Any]]) -> None:
    """`{"columns": [{name, type}], "rows": [{column: value}], "truncated": …, "seconds": …}`.

    With `left_out`, `{"table/city": why}`, where rows are left out of a table that the question names, and with
    `tables` where something is told of them.
    """
    between = b""
    for number, batch in enumerate(batches):
        if not number:
            sink.write(b'{"columns": ' + orjson.dumps(columns(batch.schema)) + b',\n"rows": [')
        names = batch.schema.names
        for row in zip(*map(plain, batch.columns), strict=True):
            sink.write(between + b"\n" + orjson.dumps(dict(zip(names, row, strict=True)), option=OPTIONS))
            between = b","
    left_out = {"left_out": dict(told.left_out)} if told.left_out else {}
    tables = {"tables": list(about)} if about else {}
    end = orjson.dumps({"truncated": told.truncated, "seconds": told.seconds, **left_out, **tables})
    sink.write(b"\n],\n" + end[1:] + b"\n")


def _csv(_told: Told, batches: Batches, sink: BinaryIO) -> None:
    writer: Any = None
    for batch in batches:
        cells = [csv_cells(each) for each in batch.columns]
        if writer is None:
            names = _harmless(pa.array(batch.schema.names, pa.string())).to_pylist()
            schema = pa.schema(zip(names, (each.type for each in cells), strict=True))
            writer = pyarrow.csv.CSVWriter(sink, schema, write_options=pyarrow.csv.WriteOptions(eol="\r\n"))
        writer.write_batch(pa.RecordBatch.from_arrays(cells, schema=schema))
    writer.close()


def csv_cells(array: Any) -> Any:  # noqa: ANN401 - Arrow's arrays are not told to type checkers
    """A column as CSV has it: only texts stand in quotation marks, and only they can be formulas."""
    kind = array.type
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return array
    if pa.types.is_float64(kind):
        return finite(array)
    return text(array) if pa.types.is_temporal(kind) else _harmless(text(array))


def _harmless(cells: Any) -> Any:  # noqa: ANN401 - as in `csv_cells`
    """An apostrophe before what a spreadsheet would run as a formula; numbers stay."""
    formula = pc.match_substring_regex(cells, _FORMULA)
    number = pc.match_substring_regex(cells, _NUMBER)
    runs = pc.fill_null(pc.and_not(formula, number), fill_value=False)
    return pc.if_else(runs, pc.binary_join_element_wise("'", cells, ""), cells)


def _arrow(_told: Told, batches: Batches, sink: BinaryIO) -> None:
    first = next(batches)
    with pa.ipc.new_stream(sink, first.schema) as writer:
        writer.write_batch(first)
        for batch in batches:
            writer.write_batch(batch)


def _parquet(_told: Told, batches: Batches, sink: BinaryIO) -> None:
    first = _kept(next(batches))
    with pyarrow.parquet.ParquetWriter(sink, first.schema, compression="zstd") as writer:
        writer.write_batch(first)
        for batch in batches:
            writer.write_batch(_kept(batch))


def _kept(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Types that Parquet lacks become text."""
    lacking = {
        name: text(batch.column(place))
        for place, (name, kind) in enumerate(zip(batch.schema.names, batch.schema.types, strict=True))
        if pa.types.is_interval(kind) or pa.types.is_union(kind)
    }
    cells = [lacking.get(name, batch.column(name)) for name in batch.schema.names]
    return pa.RecordBatch.from_arrays(cells, names=batch.schema.names) if lacking else batch
