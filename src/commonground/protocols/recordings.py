"""Recordings: a portal's catalog kept on disk, `<city>/<host>/<date>.<protocol>.json[l].gz`.

`.jsonl.gz` holds one record a line (Socrata, CKAN, Opendatasoft); `.json.gz` a whole `data.json` document.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from commonground.errors import Misconfigured, NotFound, Unreadable
from commonground.protocols.base import Holdings
from commonground.words import Raw

_NAME = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2})\.(?P<protocol>[a-z0-9-]+)\.(?P<form>jsonl?)\.gz")
_DOCUMENTS = {"dcat-us", "arcgis-hub"}
_NATIVE_LAST = "dcat-us"
_LAYOUT = "Name a folder of recordings: CITY/HOST/DATE.PROTOCOL.jsonl.gz."
_ENVELOPE = {"conformsTo": "https://project-open-data.cio.gov/v1.1/schema"}


@dataclass(frozen=True, slots=True)
class Recording:
    """One file: which portal, of which day, in which protocol."""

    city: str
    host: str
    day: date
    protocol: str
    path: Path

    def holdings(self) -> Holdings:
        """Read the file. Raises `Unreadable` naming file and line."""
        try:
            with gzip.open(self.path, "rb") as file:
                if self.path.name.endswith(".jsonl.gz"):
                    lines = enumerate(file, 1)
                    return Holdings(self.host, [self._record(line, at) for at, line in lines if line.strip()])
                document = json.load(file)
        except (ValueError, EOFError, OSError, RecursionError, zlib.error) as error:
            raise self._unreadable(str(error)) from error
        if not isinstance(document, dict) or not isinstance(document.get("dataset"), list):
            raise self._unreadable("it has no list “dataset”")
        records = document.pop("dataset")
        return Holdings(self.host, records, document)

    def _record(self, line: bytes, number: int) -> Raw:
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise self._unreadable(f"line {number}: {error}") from error
        if not isinstance(found, dict):
            raise self._unreadable(f"line {number} holds no object")
        return found

    def _unreadable(self, why: str) -> Unreadable:
        return Unreadable(
            f"The recording {self.path} cannot be read: {why}.", advice="Replace the file, or move it away."
        )


def find(folder: Path) -> list[Recording]:
    """All recordings below a folder, by city, host and day."""
    if not folder.is_dir():
        raise NotFound(f"No folder {folder}.", advice=_LAYOUT)
    found = []
    for path in sorted(folder.glob("*/*/*.gz")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            continue
        try:
            day = date.fromisoformat(match["date"])
        except ValueError as error:
            raise Misconfigured(f"{path}: “{match['date']}” is no date.", advice="Use YYYY-MM-DD.") from error
        found.append(Recording(path.parts[-3], path.parts[-2], day, match["protocol"], path))
    if not found:
        raise NotFound(f"No recordings in {folder}.", advice=_LAYOUT)
    return found


def newest(recordings: Iterable[Recording], at: date | None = None) -> dict[str, Recording]:
    """Of each host the newest recording at or before `at`; of one day the native protocol first."""
    chosen: dict[str, Recording] = {}
    for one in recordings:
        if at is not None and one.day > at:
            continue
        held = chosen.get(one.host)
        if held is None or _rank(one) > _rank(held):
            chosen[one.host] = one
    return chosen


def _rank(one: Recording) -> tuple[date, bool]:
    return one.day, one.protocol != _NATIVE_LAST


def save(folder: Path, *, city: str, day: date, protocol: str, holdings: Holdings) -> Path:
    """Write holdings in the layout that `find` reads; the file appears whole or not at all."""
    form = "json" if protocol in _DOCUMENTS else "jsonl"
    path = folder / city / holdings.host / f"{day.isoformat()}.{protocol}.{form}.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as target, gzip.GzipFile(fileobj=target, mode="wb", mtime=0, filename="") as packed:
        if form == "jsonl":
            _write_lines(packed, holdings.records)
        else:
            document = {**_ENVELOPE, **holdings.envelope, "dataset": list(holdings.records)}
            packed.write(json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    partial.replace(path)
    return path


def _write_lines(packed: gzip.GzipFile, records: Sequence[Raw]) -> None:
    for record in records:
        packed.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
