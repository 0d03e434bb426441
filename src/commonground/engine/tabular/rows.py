"""Any file of rows, as Arrow tables of text in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from io import BufferedReader
from pathlib import Path
from typing import IO, Any, Final, Protocol, Self

import pyarrow as pa

from commonground.engine.tabular.columnar import Parquet
from commonground.engine.tabular.decoding import Decoded
from commonground.engine.tabular.layout import RAGGED, ROW, in_batches
from commonground.engine.tabular.problems import Problem, Problems
from commonground.engine.tabular.records import Records, looks_like_json
from commonground.engine.tabular.separated import Separated
from commonground.engine.tabular.sheets import Sheet
from commonground.engine.tabular.unpacking import Kind, Piece, pieces
from commonground.errors import FileRefused

BATCH_ROWS: Final = 100_000
_SNIFFED: Final = 4_096


class _Reader(Protocol):
    @property
    def names(self) -> tuple[str, ...]: ...

    def tables(self) -> Iterator[Any]: ...


class Rows:
    """The rows of a file. `names` are its columns; `problems` and `totals` grow while `batches` are read.

    A context manager: files that had to be unpacked to a disk are removed at its end (or with the object).
    """

    def __init__(self, path: Path, name: str | None, batch_rows: int) -> None:
        self.path = path
        self._most, self._problems, self._stack = batch_rows, Problems(), ExitStack()
        found = pieces(path, name)
        sheet = name if found[0].kind is Kind.WORKBOOK and "/" not in found[0].name else None
        self._readers = [self._reader(one, sheet) for one in found]
        self.names = self._readers[0].names
        for piece, one in zip(found, self._readers, strict=True):
            if one.names != self.names:
                other = ", ".join(piece.name for piece in found[:20])
                message = f"{path.name} holds several tables: {piece.name} has other columns than {found[0].name}."
                raise FileRefused(message, advice=f"Name one of them: {other}.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def problems(self) -> list[Problem]:
        """What was wrong in the rows that were read so far, at most 1,000 of a code; `totals` has the full counts."""
        return self._problems.shown

    @property
    def totals(self) -> Mapping[str, int]:
        """How often each code of a problem occurred."""
        return self._problems.totals

    def batches(self) -> Iterator[pa.Table]:
        """All rows from the first: `names` as columns of text, `_row` (int64, from 1), `_ragged` (text or null).

        A value is null where there is none (a missing key, JSON's null, an empty cell of a sheet); an empty cell of
        a CSV file is "". A row whose cells fit no column has only nulls, and all its cells in `_ragged` as a JSON list.
        Raises `FileRefused` where a file cannot be read any further.
        """
        self._problems.clear()
        return self._batches()

    def lines(self, rows: Sequence[int]) -> dict[int, int]:
        """In which line of the file (or of the sheet) rows begin. Rows of which it is not known are left out."""
        reader = self._readers[0]
        if len(self._readers) > 1 or not hasattr(reader, "lines"):
            return {}
        found: dict[int, int] = reader.lines(rows)
        return found

    def _batches(self) -> Iterator[pa.Table]:
        yield from in_batches(self._tables(), self._most)
        self._problems.place(self.lines([one.row for one in self.problems if one.row and not one.line]))

    def _tables(self) -> Iterator[pa.Table]:
        before = 0
        for reader in self._readers:
            last = 0
            for one in reader.tables():
                last += one.num_rows
                yield one if not before else _moved(one, before)
            before += last

    def _reader(self, piece: Piece, sheet: str | None) -> _Reader:
        if piece.kind is Kind.PARQUET:
            return Parquet(piece.name, self._stack.enter_context(piece.on_disk()), self._problems)
        if piece.kind is Kind.WORKBOOK:
            return Sheet(piece.name, self._stack.enter_context(piece.on_disk()), sheet, self._problems)
        with _decoded(piece.open, Problems()) as file:
            start = file.read(_SNIFFED).decode("utf-8", "ignore")
        if looks_like_json(start):
            return Records(piece.name, lambda: _decoded(piece.open, Problems()), self._problems)
        return Separated(piece.name, piece.open, self._problems)


def _moved(one: pa.Table, by: int) -> pa.Table:
    from pyarrow import compute

    return one.set_column(one.schema.get_field_index(ROW), ROW, compute.add(one[ROW], by))


def _decoded(opened: Callable[[], IO[bytes]], problems: Problems) -> BufferedReader:
    return BufferedReader(Decoded(opened(), problems))


def open_rows(path: Path, *, name: str | None = None, batch_rows: int = BATCH_ROWS) -> Rows:
    """Open a file of rows, whatever it is: told by its content, not by its name.

    CSV, TSV, with ; or |, in UTF-8, UTF-16 or Windows-1252; GeoJSON; JSON (a list, or an object a line); Excel; Parquet;
    each also as gz, bz2, xz or zip. `name` is a sheet of a workbook or a file of an archive; without it, the first
    sheet, or all files of the archive, which must have the same columns. `batch_rows` is the most rows of one table.

    Raises `FileRefused`, which names the file and the next step.
    """
    path = Path(path)
    if not path.is_file():
        raise FileRefused(f"There is no file {path}.", advice="Give the path of a file of rows.")
    return Rows(path, name, batch_rows)


__all__ = ["BATCH_ROWS", "RAGGED", "ROW", "Rows", "open_rows"]
