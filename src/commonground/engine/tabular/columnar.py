"""Parquet, its values as text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pyarrow import compute, parquet

from commonground.engine.tabular.layout import MOST_BATCH, MOST_CELL, column_names, table, text_array
from commonground.engine.tabular.problems import Problems
from commonground.engine.tabular.unpacking import FREE_BYTES, MOST_BYTES, MOST_RATIO, refuse_bomb
from commonground.errors import FileRefused

_UNREADABLE: Final = (pa.ArrowException, OSError, UnicodeDecodeError)
_AT_A_TIME: Final = 20_000
_CELLS: Final = 2_000_000
_MOST_RATIO: Final = 10 * MOST_RATIO
"""How many times the size of its file the text may be: what repeats is there once, and honestly often meant."""


class Parquet:
    """A Parquet file. Raises `FileRefused`."""

    def __init__(self, name: str, path: Path, problems: Problems) -> None:
        self._name, self._path, self._problems = name, path, problems
        try:
            with parquet.ParquetFile(path) as file:
                self._schema = file.schema_arrow
                groups = [file.metadata.row_group(one).total_byte_size for one in range(file.num_row_groups)]
                rows = file.metadata.num_rows
        except _UNREADABLE as error:
            message = f"{name} cannot be read as Parquet: {_words(error)}."
            raise FileRefused(message, advice="Write it again.") from None
        self._packed, self._size = path.stat().st_size, 0
        refuse_bomb(name, max(sum(groups), rows), self._packed)  # an honest row has a byte and more
        self.names = column_names(self._schema.names, name)

    def tables(self) -> Iterator[pa.Table]:
        """All rows, as tables of our form."""
        column_names(self._schema.names, self._name, self._problems)
        row, self._size = 1, 0
        size = max(1, min(_AT_A_TIME, _CELLS // max(1, len(self.names))))
        # A value that is there once may be meant by a million rows: it stays once until the rows are taken apart.
        texts = [one.name for one in self._schema if pa.types.is_string(one.type) or pa.types.is_binary(one.type)]
        try:
            with parquet.ParquetFile(self._path, read_dictionary=texts) as file:
                for batch in (part for whole in file.iter_batches(size) for part in self._parts(whole, row)):
                    rows = pa.array(np.arange(row, row + batch.num_rows))
                    yield table(self.names, [as_text(one) for one in batch.columns], rows)
                    row += batch.num_rows
        except _UNREADABLE as error:
            message = f"{self._name} breaks off at row {row:,}: {_words(error)}."
            raise FileRefused(message, advice="Write it again.") from None

    def _parts(self, batch: pa.RecordBatch, row: int) -> Iterator[pa.RecordBatch]:
        """The same rows, as many at a time as fit `MOST_BATCH` bytes of text."""
        sizes = np.zeros(batch.num_rows, np.int64)
        for name, column in zip(self.names, batch.columns, strict=True):
            if pa.types.is_dictionary(column.type):
                lengths = compute.binary_length(column.dictionary).take(column.indices)
                here = lengths.fill_null(0).to_numpy(zero_copy_only=False)
                if here.max(initial=0) > MOST_CELL:
                    message = f"Row {row + int(here.argmax()):,} of {self._name} has a value in {name} of more than"
                    raise FileRefused(f"{message} {MOST_CELL // 2**20} MiB.", advice="Correct it: no value is so long.")
                sizes += here
        ends = np.cumsum(sizes)
        start = 0
        while start < batch.num_rows:
            before = ends[start - 1] if start else 0
            end = max(start + 1, int(np.searchsorted(ends, before + MOST_BATCH, "right")))
            yield batch.slice(start, end - start)
            start = end
            self._size += int(ends[end - 1] - before)
            if self._size > max(FREE_BYTES, min(MOST_BYTES, _MOST_RATIO * self._packed)):
                message = f"{self._name} has more text than {_MOST_RATIO:,} times its {self._packed:,} bytes."
                raise FileRefused(message, advice="Give the file in parts, or as CSV.")


def _words(error: Exception) -> str:
    """What a library says, in one line and without its full stop."""
    return " ".join(str(error).split()).rstrip(".")


def as_text(values: pa.Array) -> pa.Array:
    """Values as text: ISO dates, true and false, nested ones as compact JSON, bytes that are no UTF-8 as hex."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return as_text(values.dictionary_decode())
    if pa.types.is_timestamp(kind):
        return text_array(map(_instant, values))
    if pa.types.is_floating(kind):
        return text_array(None if one is None else repr(one).removesuffix(".0") for one in values.to_pylist())
    if not pa.types.is_nested(kind) and not pa.types.is_binary(kind) and not pa.types.is_large_binary(kind):
        try:
            found = values.cast(pa.string())
            found.validate(full=True)  # a writer may have called any bytes text
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
            if pa.types.is_string(kind) or pa.types.is_large_string(kind):
                values = values.cast(pa.large_binary())
        else:
            return found
    return text_array(_nested(_plain(one)) for one in values)


def _instant(value: pa.Scalar) -> str | None:
    """ISO 8601; the bare number where it is in no year that can be written, or in a zone that is none."""
    found = _plain(value)
    return None if found is None else str(found.isoformat() if hasattr(found, "isoformat") else found)


def _plain(value: pa.Scalar) -> Any:  # noqa: ANN401 - whatever the column holds
    try:
        return value.as_py()
    except (OverflowError, ValueError, KeyError):
        inner = getattr(value, "value", None)
        return str(inner) if isinstance(inner, int) else f"a {value.type} that cannot be written"


def _nested(value: object) -> str | None:
    match value:
        case None:
            return None
        case str():
            return value
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError:
                return value.hex()
        case _:
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)
