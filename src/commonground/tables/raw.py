"""Raw parts on disk: rows as text in Parquet, named by what is in them, so that the same rows are kept once. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from commonground.tables.build.cleaning import RAGGED, ROW

GROUP: Final = 120_000
"""Rows of one row group: a build reads one at a time."""


@dataclass(frozen=True, slots=True)
class Written:
    """A part as it lies on disk. `digest` is the SHA-256 of the texts, whatever Parquet makes of them."""

    path: Path
    names: tuple[str, ...]
    rows: int
    ragged: int
    digest: str


def write(folder: Path, names: Sequence[str], batches: Iterator[pa.Table]) -> Written:
    """Write batches of text columns. Numbered from 1 in `_row`; what did not fit the columns is in `_ragged`."""
    folder.mkdir(parents=True, exist_ok=True)
    schema = pa.schema([*((name, pa.string()) for name in names), (ROW, pa.int64()), (RAGGED, pa.string())])
    partial = folder / f"{uuid4().hex}.partial"
    hashed, rows, ragged = hashlib.sha256("\x1f".join(names).encode("utf-8", "surrogatepass")), 0, 0
    try:
        with closing(pq.ParquetWriter(partial, schema, compression="zstd")) as writer:
            for batch in _regrouped(batches):
                table = _numbered(batch, schema, rows)
                for column in table.columns:
                    for chunk in column.chunks:
                        for buffer in chunk.buffers()[1:]:
                            hashed.update(buffer or b"\0")
                writer.write_table(table, row_group_size=GROUP)
                rows += len(table)
                ragged += len(table) - table[RAGGED].null_count
        path = folder / f"{hashed.hexdigest()}.parquet"
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return Written(path, tuple(names), rows, ragged, hashed.hexdigest())


def _regrouped(batches: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in batches of `GROUP`, so that where a portal cuts its pages does not matter."""
    held: list[pa.Table] = []
    size = 0
    for batch in batches:
        held.append(batch)
        size += len(batch)
        while size >= GROUP:
            whole = pa.concat_tables(held, promote_options="default")
            yield whole.slice(0, GROUP).combine_chunks()
            held, size = [whole.slice(GROUP)], size - GROUP
    if size:
        yield pa.concat_tables(held, promote_options="default").combine_chunks()


def _numbered(batch: pa.Table, schema: pa.Schema, before: int) -> pa.Table:
    size = len(batch)
    columns = {
        one.name: batch[one.name].cast(one.type) if one.name in batch.column_names else pa.nulls(size, one.type)
        for one in schema
    }
    columns[ROW] = pa.array(range(before + 1, before + size + 1), pa.int64())
    # Its own memory, so that what is hashed is these rows and nothing beside them.
    return pa.Table.from_batches(pa.table(columns, schema=schema).combine_chunks().to_batches())
