"""Recorded rows: files that `rows/MANIFEST.csv` of a replay folder ties to datasets of portals.

Each file is one vintage: the rows that its dataset had when somebody kept them. How new the content of a file is may be
written down in the column `order` (a whole number, the newest is the highest; none counts as 0). Where it is not, the
vintages of a dataset are put in order by the date of the commit that kept it (the first word of the column `commit`),
then by the file's name; whoever takes the later one on a key takes it in that order.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, cast

import pyarrow as pa

from commonground.errors import Misconfigured
from commonground.protocols.rows import files
from commonground.words import Finding

MANIFEST = "rows/MANIFEST.csv"
_NEEDED = ("file", "city", "subject", "portal", "dataset", "commit")
_DATED = re.compile(r"\d{4}(?:-\d{2}){0,2}")
_KEPT = 4


@dataclass(frozen=True, slots=True)
class RowFile:
    """One recorded file (a `RowSource`). `host` and `native_id` are empty where it is of no dataset."""

    path: Path
    city: str
    subject: str
    host: str
    native_id: str
    dated: str
    rows: int | None = None
    note: str = ""
    order: int = 0

    @property
    def name(self) -> str:
        """Folder and file without `.gz`, as crosswalks name it: `chicago/crime_50k.csv`."""
        return f"{self.path.parent.name}/{self.path.name.removesuffix('.gz')}"

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The file, unpacked."""
        if self.path.suffix == ".gz":
            with gzip.open(self.path, "rb") as packed:
                yield cast("IO[bytes]", packed)
        else:
            with self.path.open("rb") as plain:
                yield plain

    def table(self) -> pa.Table:
        """Every row, every column a string as in the file; the last few files stay in memory."""
        return _table(self.path, self.path.stat().st_mtime_ns)


@lru_cache(maxsize=_KEPT)
def _table(path: Path, _changed: int) -> pa.Table:
    batches = list(files.tables(path, str(path), list[Finding]().append))
    return pa.concat_tables(batches, promote_options="default").combine_chunks() if batches else pa.table({})


def find(folder: Path) -> list[RowFile]:
    """The files that the manifest of a replay folder names, in its order; none where there is no manifest.

    Raises `Misconfigured` for a manifest without a column that is needed, or that names a file that is not there, or an
    `order` that is no whole number.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return []
    with manifest.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        missing = [name for name in _NEEDED if name not in (rows.fieldnames or ())]
        if missing:
            raise Misconfigured(f"{manifest} has no column “{missing[0]}”.", advice=f"It needs {', '.join(_NEEDED)}.")
        return [_file(folder, line) for line in rows]


def _file(folder: Path, line: dict[str, str]) -> RowFile:
    path = (folder / line["file"]).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise Misconfigured(
            f"{folder / MANIFEST} names {line['file']}, which is not below {folder}.",
            advice="Correct or drop that line.",
        )
    dated = _DATED.match(line["commit"].strip())
    told, order = ((line.get(one) or "").strip() for one in ("rows", "order"))
    if order and not order.isdecimal():
        raise Misconfigured(
            f"{folder / MANIFEST} gives {line['file']} the order “{order}”.",
            advice="Write a whole number; the newest vintage has the highest.",
        )
    return RowFile(
        path,
        line["city"],
        line["subject"],
        line["portal"].strip(),
        line["dataset"].strip(),
        dated[0] if dated else "",
        int(told) if told.isdecimal() else None,
        line.get("note") or "",
        int(order or 0),
    )


def vintages(found: Iterable[RowFile]) -> dict[str, dict[str, tuple[RowFile, ...]]]:
    """Host to native id to the files of that dataset, the oldest first; plain files are left out."""
    by: dict[str, dict[str, list[RowFile]]] = {}
    for one in found:
        if one.host and one.native_id:
            by.setdefault(one.host, {}).setdefault(one.native_id, []).append(one)
    return {
        host: {key: tuple(sorted(ones, key=lambda one: (one.order, one.dated, one.name))) for key, ones in held.items()}
        for host, held in by.items()
    }
