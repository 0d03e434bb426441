"""What every served dialect needs of a recorded file: its rows as objects, and the file itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import PurePosixPath

import pyarrow as pa
from werkzeug.wrappers import Response

from commonground.protocols.base import RowSource
from commonground.words import Raw

_CHUNK = 256 * 1024
_AT_A_TIME = 5_000
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "geojson": "application/geo+json",
    "json": "application/json",
    "jsonl": "application/jsonl",
}


def form(source: RowSource) -> str:
    """The form that a file's name ends in."""
    return PurePosixPath(source.name).suffix.lower().lstrip(".")


def whole(source: RowSource) -> Response:
    """The file as it is, byte for byte."""

    def pieces() -> Iterator[bytes]:
        with source.open() as file:
            while piece := file.read(_CHUNK):
                yield piece

    headers = {"Content-Disposition": f'attachment; filename="{PurePosixPath(source.name).name}"'}
    return Response(pieces(), content_type=_TYPES.get(form(source), "application/octet-stream"), headers=headers)


def objects(table: pa.Table, begin: int = 0, count: int | None = None) -> list[Raw]:
    """Rows as objects, without what is null."""
    found = table.slice(begin, count) if count is not None else table.slice(begin)
    return [{name: value for name, value in row.items() if value is not None} for row in found.to_pylist()]


def as_csv(table: pa.Table) -> Iterator[str]:
    """The table as CSV; null and "" are alike in it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(table.column_names)
    for begin in range(0, max(table.num_rows, 1), _AT_A_TIME):
        part = table.slice(begin, _AT_A_TIME)
        writer.writerows(zip(*(one.to_pylist() for one in part.columns), strict=True))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
