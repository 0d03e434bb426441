"""Excel and OpenDocument workbooks: one sheet, its values as text."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from functools import reduce
from pathlib import Path
from typing import Any, Final

from commonground.engine.tabular.layout import Row, column_names, of_rows
from commonground.engine.tabular.problems import Problems
from commonground.errors import FileRefused

_AT_A_TIME: Final = 5_000
_MOST_WHOLE: Final = 2**53
_MOST_CELLS: Final = 64 * 2**20
"""Of the rectangle around a sheet's cells; one takes 32 bytes."""
_PLACE: Final = re.compile(rb"""\sr\s*=\s*["']([A-Z]{0,3})([0-9]{1,7})["']""")
_LONGEST_PLACE: Final = 32
_CHUNK: Final = 4 * 2**20


class Sheet:
    """The sheet of that name, or the first one. Raises `FileRefused`."""

    def __init__(self, name: str, path: Path, sheet: str | None, problems: Problems) -> None:
        import python_calamine

        refuse_scattered(name, path)
        try:
            workbook = python_calamine.CalamineWorkbook.from_path(path)
            known = workbook.sheet_names
            if not known or (sheet is not None and sheet not in known):
                message = f"{name} has no sheet “{sheet}”." if sheet else f"{name} has no sheet."
                raise FileRefused(message, advice=f"It has {', '.join(known)}." if known else "Save it again.")
            self._sheet = workbook.get_sheet_by_name(sheet or known[0])
        except python_calamine.PasswordError:
            raise FileRefused(f"{name} is locked with a password.", advice="Save it again without one.") from None
        except (python_calamine.CalamineError, OSError) as error:
            message = f"{name} cannot be read as a workbook: {error}."
            raise FileRefused(message, advice="Save it again as .xlsx, or as CSV (UTF-8).") from None
        rows = ((line, one) for line, one in enumerate(self._sheet.iter_rows(), 1) if any(map(_said, one)))
        self._line, header = next(rows, (0, []))
        if not header:
            raise FileRefused(
                f"{name} has an empty sheet “{self._sheet.name}”.", advice="Name the sheet with the rows."
            )
        self._header = [_text(one) or "" for one in header]
        self.names = column_names(self._header, name)
        self._name, self._problems = name, problems

    def tables(self) -> Iterator[Any]:
        """All rows, as tables of our form; rows without any value are none."""
        column_names(self._header, self._name, self._problems)
        held: list[Row] = []
        number = 0
        for line, cells in enumerate(self._sheet.iter_rows(), 1):
            if line <= self._line or not any(map(_said, cells)):
                continue
            number += 1
            held.append((number, self._fitted([_text(one) for one in cells]), None))
            if len(held) == _AT_A_TIME:
                yield of_rows(self.names, held)
                held = []
        yield of_rows(self.names, held)

    def lines(self, rows: Sequence[int]) -> dict[int, int]:
        """In which row of the sheet each of these rows stands."""
        places = [line for line, one in enumerate(self._sheet.iter_rows(), 1) if any(map(_said, one))]
        return {one: places[one] for one in rows if one < len(places)}

    def _fitted(self, cells: list[str | None]) -> list[str | None]:
        return (cells + [None] * (len(self.names) - len(cells)))[: len(self.names)]


def refuse_scattered(name: str, path: Path) -> None:
    """Raise `FileRefused` where the cells of a sheet of an .xlsx span more room than memory should hold.

    A sheet is held as the whole rectangle around its cells: two of them in opposite corners would take 512 GB.
    """
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            sheets = [one for one in archive.namelist() if one.startswith("xl/worksheets/") and one.endswith(".xml")]
            spans = [(one, _span(archive, one)) for one in sheets]
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise FileRefused(f"{name} cannot be unpacked: {error}.", advice="Save it again as .xlsx.") from None
    for sheet, (rows, columns) in spans:
        if rows * columns > _MOST_CELLS:
            message = f"{name} has cells as far as row {rows:,} and column {columns:,} ({sheet}), with little between."
            raise FileRefused(message, advice="Delete what is far from the table, or save the sheet as CSV (UTF-8).")


def _span(archive: zipfile.ZipFile, sheet: str) -> tuple[int, int]:
    """The last row and the last column in which a sheet has a cell."""
    rows, columns, rest = 0, 0, b""
    with archive.open(sheet) as file:
        while chunk := file.read(_CHUNK):
            places = {one for found in _PLACE.findall(rest + chunk) for one in found}
            rows = max(rows, max((int(one) for one in places if one.isdigit()), default=0))
            columns = max(columns, max((_number(one) for one in places if one.isalpha()), default=0))
            rest = chunk[-_LONGEST_PLACE:]
    return rows, columns


def _number(letters: bytes) -> int:
    """Which column a sheet calls so: A is 1, AA is 27."""
    return reduce(lambda total, one: total * 26 + one - 64, letters, 0)


def _said(value: object) -> bool:
    return value is not None and value != ""


def _text(value: object) -> str | None:
    """A value as text: ISO dates, whole numbers without “.0”; None for an empty cell."""
    match value:
        case None | "":
            return None
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < _MOST_WHOLE:
            return str(int(value))
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value)
