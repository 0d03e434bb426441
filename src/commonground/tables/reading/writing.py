"""Rows in the forms that programs read: JSON values, CSV and Parquet in pieces, GeoJSON."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from commonground.engine.query.forms import csv_cells
from commonground.engine.query.values import plain
from commonground.standards.model import PLACE

_GROUP: Final = 60_000
"""Rows of a row group in a Parquet file that is written while it is sent."""


def records(rows: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - Arrow's tables are not told to type checkers
    """Each row as JSON has it: days and moments as ISO 8601 writes them, what is empty as null."""
    columns = [plain(one.combine_chunks()) for one in rows.columns]
    for row in zip(*columns, strict=True):
        yield dict(zip(rows.column_names, row, strict=True))


def features(rows: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - as in `records`
    """Each row as a feature of GeoJSON; a row without a place has no geometry, and is there."""
    for row in records(rows):
        latitude, longitude = (row.get(name) for name in PLACE)
        placed = latitude is not None and longitude is not None
        point = {"type": "Point", "coordinates": [longitude, latitude]} if placed else None
        yield {"type": "Feature", "geometry": point, "properties": row}


def csv(columns: Sequence[str], batches: Iterable[Any]) -> Iterator[bytes]:
    """CSV (UTF-8, RFC 4180), the header first. Texts stand in quotation marks, so that an empty text is not null.

    A text that a spreadsheet would run as a formula gets an apostrophe in front; JSON and Parquet have it as it is.
    """
    yield ",".join(f'"{name}"' for name in columns).encode() + b"\r\n"
    options = pyarrow.csv.WriteOptions(include_header=False, eol="\r\n")
    for batch in batches:
        cells = pa.RecordBatch.from_arrays([csv_cells(one) for one in batch.columns], names=list(columns))
        piece = io.BytesIO()
        pyarrow.csv.write_csv(cells, piece, options)
        yield piece.getvalue()


class _Piece:
    """A file that only grows: what was written since it was last taken is kept, and where it ends."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._end = 0
        self.closed = False

    def write(self, piece: Any) -> int:  # noqa: ANN401 - whatever has bytes
        told = bytes(piece)
        self._held.append(told)
        self._end += len(told)
        return len(told)

    def tell(self) -> int:
        return self._end

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        self.closed = True

    def taken(self) -> bytes:
        """What was written since the last time."""
        told, self._held = b"".join(self._held), []
        return told


def parquet(schema: Any, batches: Iterable[Any], about: Mapping[str, str]) -> Iterator[bytes]:  # noqa: ANN401
    """A Parquet file in pieces; `about` stands in its own metadata, so that it travels with the rows."""
    sink = _Piece()
    # Whether a column may be empty is said of one city's file, and of no other's.
    told = pa.schema([one.with_nullable(True) for one in schema], {key: text for key, text in about.items() if text})
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), told, compression="zstd") as writer:
        held: list[Any] = []
        for batch in batches:
            held.append(batch)
            if sum(one.num_rows for one in held) >= _GROUP:
                writer.write_table(pa.Table.from_batches(held).cast(told))
                held = []
                yield sink.taken()
        if held:
            writer.write_table(pa.Table.from_batches(held).cast(told))
    yield sink.taken()
