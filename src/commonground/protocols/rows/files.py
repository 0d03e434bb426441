"""Files of rows that a portal gives whole: fetched to disk first, so that a slow reader keeps no portal waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from commonground.errors import FileRefused, Unreadable
from commonground.protocols.base import RowPage
from commonground.protocols.http import Client, Params
from commonground.protocols.http.hops import asked_with
from commonground.words import Finding

FORMS = ("csv", "geojson", "json", "jsonl", "ndjson", "xlsx", "xls", "ods", "parquet", "tsv", "txt", "zip", "gz")
"""Forms of files whose rows can be read, as a name ends."""

NUMBER, RAGGED = "_row", "_ragged"
"""What the reader of files adds: a row's number, which we leave out, and the cells of a row that fits no column."""

_SNIFFED = 512


@contextmanager
def fetched(client: Client, url: str, name: str, params: Params | None = None) -> Iterator[Path]:
    """The file at an address, on disk under `name` until the block ends. Raises a `PortalError`; a page of HTML, which
    portals send with status 200 where they mean no, is `Unreadable`.
    """
    full = asked_with(url, params) if params else url
    with TemporaryDirectory(prefix="commonground-rows-") as folder:
        path = Path(folder) / (PurePosixPath(name).name or "rows")
        with path.open("w+b") as file:
            head = client.save(full, file)
            file.seek(0)
            begin = file.read(_SNIFFED).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        if head.status != HTTPStatus.OK:
            raise Unreadable(f"{head.url} answered {head.status}: the file is not there yet.", url=full)
        if begin.startswith((b"<!doctype html", b"<html")):
            raise Unreadable(f"{head.url} sent HTML instead of a file of rows.", url=full)
        yield path


def tables(path: Path, url: str, told: Callable[[Finding], object]) -> Iterator[pa.Table]:
    """The rows of a file in batches, one at least, every column text; what is wrong in it is `told`, a finding a kind.

    A batch has the column `_ragged` only where one of its rows fits no column. Raises `Unreadable`, naming `url`.
    """
    from commonground.engine.tabular import open_rows

    try:
        with open_rows(path) as rows:
            batch = None
            for batch in map(_plain, rows.batches()):
                yield batch
            if batch is None:
                yield pa.table({name: pa.array([], pa.string()) for name in rows.names})
            first = {one.code: one for one in reversed(rows.problems)}
            for code, one in first.items():
                place = f"row {one.row}" if one.row else "file"
                told(Finding("rows-odd", place, one.sample, detail=f"{rows.totals[code]:,} × {one.detail}"))
    except FileRefused as error:
        raise Unreadable(f"{url}: {error.message}", url=url, advice=error.advice) from error


def _plain(batch: pa.Table) -> pa.Table:
    """A batch without what the reader of files adds and nothing needs."""
    empty = RAGGED in batch.column_names and batch.column(RAGGED).null_count == batch.num_rows
    return batch.drop_columns([one for one in batch.column_names if one == NUMBER or (empty and one == RAGGED)])


def pages(path: Path, url: str, native_id: str, declared: int | None = None, last: str = "") -> Iterator[RowPage]:
    """The batches of a file as pages without cursors; the last one has `last`, and what is wrong in the file.

    One page at least.
    """
    found: list[Finding] = []
    held, came = None, 0
    for batch in tables(path, url, found.append):
        if held is not None:
            yield held
        came += batch.num_rows
        held = RowPage(tuple(batch.column_names), batch, declared, came=came)
    assert held is not None
    yield replace(held, cursor=last, findings=tuple(replace(one, native_id=native_id) for one in found))


def form_of(url: str) -> str:
    """The form that an address ends in (`csv`), "" when it tells none that we read."""
    found = PurePosixPath(unquote(urlsplit(url).path)).suffix.lower().lstrip(".")
    return found if found in FORMS else ""
