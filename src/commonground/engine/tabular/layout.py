"""The table that every reader gives: columns of text, the row's number, and the cells of a row that fits no column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import orjson
import pyarrow as pa

from commonground.engine.tabular.problems import Problems
from commonground.errors import FileRefused

ROW: Final = "_row"
RAGGED: Final = "_ragged"
MOST_COLUMNS: Final = 20_000
MOST_CELL: Final = 16 * 2**20
"""Characters of one value, or of one record of JSON."""
MOST_BATCH: Final = 64 * 2**20
"""Bytes of text in one table, so that wide rows come in smaller ones."""
_OURS: Final = frozenset({ROW, RAGGED})


def column_names(header: Sequence[str], file: str, problems: Problems | None = None) -> tuple[str, ...]:
    """The names of columns: trimmed; one without a name is “column 3”, a second “Date” is “Date (2)”.

    Raises `FileRefused` for more than `MOST_COLUMNS`.
    """
    if len(header) > MOST_COLUMNS:
        message = f"Row 1 of {file} names {len(header):,} columns; at most {MOST_COLUMNS:,} are read."
        raise FileRefused(message, advice="Give fewer columns, or turn columns into rows.")
    taken: set[str] = set(_OURS)
    names: list[str] = []
    for place, written in enumerate(header, 1):
        plain = written.strip().strip("\ufeff").strip() or f"column {place}"
        name, again = plain, 1
        while name in taken:
            again += 1
            name = f"{plain} ({again})"
        if name != written.strip() and problems is not None:
            said = f"Column {place} is called “{name}”, because its name is {'missing' if again == 1 else 'taken'}."
            problems.add("header", said, sample=written)
        taken.add(name)
        names.append(name)
    return tuple(names)


def table(
    names: Sequence[str], columns: Sequence[pa.Array | pa.ChunkedArray], rows: pa.Array, ragged: pa.Array | None = None
) -> pa.Table:
    """A table of our form."""
    if ragged is None:
        ragged = pa.nulls(len(rows), pa.string())
    return pa.table([*columns, rows, ragged], names=[*names, ROW, RAGGED])


def of_rows(names: Sequence[str], rows: Sequence[Row]) -> pa.Table:
    """A table of rows in Python."""
    width = len(names)
    empty: tuple[str | None, ...] = (None,) * width
    cells = [one[1] if one[1] is not None else empty for one in rows]
    turned = zip(*cells, strict=True) if rows else ((),) * width
    columns = [text_array(one) for one in turned]
    ragged = pa.array([one[2] for one in rows], pa.string())
    return table(names, columns, pa.array([one[0] for one in rows], pa.int64()), ragged)


Row = tuple[int, Sequence[str | None] | None, str | None]
"""A row's number, its cells, and its cells as a JSON list where they fit no column (its cells are None then)."""


def text_array(values: Iterable[str | None]) -> pa.Array:
    """Texts as Arrow has them; half a character (a lone surrogate) becomes a question mark."""
    listed = list(values)
    try:
        return pa.array(listed, pa.string())
    except UnicodeEncodeError:
        return pa.array([one and one.encode("utf-8", "replace").decode() for one in listed], pa.string())


def whole(cells: Sequence[object]) -> str:
    """The cells of a row that fits no column, as a JSON list."""
    try:
        return orjson.dumps(cells).decode()
    except (TypeError, orjson.JSONEncodeError):
        return orjson.dumps([str(one).encode("utf-8", "replace").decode() for one in cells]).decode()


def in_batches(tables: Iterable[pa.Table], most: int) -> Iterator[pa.Table]:
    """The same rows, at most `most` and about `MOST_BATCH` bytes at a time; each has a row."""
    held: list[pa.Table] = []
    rows = size = 0
    for one in tables:
        held.append(one)
        rows, size = rows + one.num_rows, size + one.nbytes
        while rows >= most or size >= MOST_BATCH:
            full = pa.concat_tables(held)
            yield full.slice(0, most).combine_chunks()
            rest = full.slice(most)
            held, rows, size = [rest], rest.num_rows, rest.nbytes if rest.num_rows else 0
    if rows:
        yield pa.concat_tables(held).combine_chunks()
