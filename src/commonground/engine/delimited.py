"""The head of a CSV file, read by ourselves: a guess at where rows begin would leave out what it does not understand."""

from __future__ import annotations

import csv
import gzip
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Final

from commonground.engine.session import literal
from commonground.errors import FileRefused

DELIMITERS: Final = (",", "\t", ";", "|")
MOST_COLUMNS: Final = 20_000
_AS_UTF_8: Final = "Save it again as UTF-8 (in a spreadsheet: “CSV UTF-8”)."


@dataclass(frozen=True, slots=True)
class Head:
    """What the first row says: the columns' names, in order, and what stands between them."""

    names: tuple[str, ...]
    delimiter: str


def head(path: Path) -> Head:
    """The first row of a CSV file, or of a gzipped one. Raises `FileRefused`."""
    try:
        with _bytes(path) as opened:
            return _head(opened, path.name)
    except UnicodeDecodeError as error:
        message = f"{path.name} is not written in UTF-8: byte {error.object[error.start]:#04x} in its first rows."
        raise FileRefused(message, advice=_AS_UTF_8) from None
    except (gzip.BadGzipFile, zlib.error, EOFError):
        message = f"{path.name} is called gzip, but is cut off or something else."
        raise FileRefused(message, advice="Download it again.") from None
    except csv.Error as error:
        message = f"The first row of {path.name} is no row of a CSV file: {error}."
        raise FileRefused(message, advice="Export it again as CSV.") from None


def _head(opened: BinaryIO, name: str) -> Head:
    start = opened.read(2)
    if not start:
        raise FileRefused(f"{name} is empty.", advice="Give a file with a row of column names and rows below it.")
    if start in {BOM_UTF16_LE, BOM_UTF16_BE}:
        raise FileRefused(f"{name} is written in UTF-16, not in UTF-8.", advice=_AS_UTF_8)
    found = []
    for delimiter in DELIMITERS:
        opened.seek(0)
        text = TextIOWrapper(opened, encoding="utf-8-sig", newline="")
        found.append(Head(tuple(map(str.strip, next(csv.reader(text, delimiter=delimiter), ()))), delimiter))
        text.detach()
    best = max(found, key=lambda one: len(one.names))
    if not any(best.names) or "\0" in "".join(best.names):
        raise FileRefused(
            f"Row 1 of {name} names no columns.", advice="Put the names of the columns into the first row."
        )
    if len(best.names) > MOST_COLUMNS:
        message = f"Row 1 of {name} names {len(best.names):,} columns; at most {MOST_COLUMNS:,} are read."
        raise FileRefused(message, advice="Give fewer columns, or turn columns into rows.")
    return best


@contextmanager
def _bytes(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as plain:
        if path.suffix == ".gz":
            with gzip.GzipFile(fileobj=plain) as unpacked:
                yield unpacked  # type: ignore[misc] # a GzipFile reads and seeks as a BinaryIO does
        else:
            yield plain


def relation(path: Path, read: Head) -> str:
    """The rows as SQL, columns `c0`, `c1` … of text; rows that do not fit go to `reject_errors`."""
    columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(read.names)))
    return (
        f"read_csv({literal(str(path))}, columns = {{{columns}}}, auto_detect = false, header = true,"
        f" delim = {literal(read.delimiter)}, quote = '\"', escape = '\"', strict_mode = true, store_rejects = true)"
    )
