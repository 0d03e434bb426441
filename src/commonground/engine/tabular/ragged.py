"""Rows that have too many or too few cells: put right where a rule is certain, else kept whole. Never shifted."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from commonground.engine.tabular.layout import MOST_CELL

_NUMBER: Final = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")
_TRUTH: Final = frozenset({"true", "false", "t", "f", "yes", "no", "y", "n"})
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|$)")
_BLANK: Final = " \t\r\n\x1a\ufeff"
_ENOUGH: Final = 20
"""Whole rows at the head of a file from which its habits are told."""

csv.field_size_limit(max(csv.field_size_limit(), MOST_CELL))


@dataclass(frozen=True, slots=True)
class Shape:
    """What rows of a file are like. `spaced` says that cells of whole rows never begin with a space, so that one
    which does is the rest of a text with a comma in it. `numbers` and `truths` are columns of nothing else.
    """

    width: int
    delimiter: str
    spaced: bool = False
    numbers: frozenset[int] = frozenset()
    truths: frozenset[int] = frozenset()

    def fits(self, cells: Sequence[str]) -> bool:
        """Whether every cell is of its column's sort."""
        return (
            len(cells) == self.width
            and all(not cells[one].strip() or _NUMBER.fullmatch(cells[one]) for one in self.numbers)
            and all(cells[one].strip().lower() in {"", *_TRUTH} for one in self.truths)
        )


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a row: its `cells`, or None with all of them in `raw`. `code` is that of a `Problem`, or ""."""

    cells: Sequence[str] | None
    raw: Sequence[str]
    code: str
    detail: str
    line: int = 0
    """Lines below the first one of the row."""


def cells_of(text: str, delimiter: str) -> list[str]:
    """The cells of one row; [] where there is none."""
    return next(csv.reader(lines_of(text), delimiter=delimiter), [])


def lines_of(text: str) -> Iterator[str]:
    """Lines with their ends, of which there are three kinds."""
    return (one.group() for one in _LINE.finditer(text) if one.group())


def doubtful(cells: Sequence[str], text: str) -> bool:
    """Whether a row over several lines may be several rows, of which one opens a quotation mark and does not close it."""
    several = text.find("\n", 0, -1) >= 0 or text.find("\r", 0, -2) >= 0
    return several and any('"' in one for one in cells)


def _sound(text: str, shape: Shape) -> bool:
    """Whether nothing stands between the end of a quoted cell and the next cell."""
    try:
        list(csv.reader(lines_of(text), delimiter=shape.delimiter, strict=True))
    except csv.Error:
        return False
    return True


def learn(rows: Sequence[Sequence[str]], width: int, delimiter: str) -> Shape:
    """The shape of a file, from the rows at its head."""
    good = [one for one in rows if len(one) == width]
    if len(good) < _ENOUGH or width == 1:
        return Shape(width, delimiter)
    columns = [[cell for cell in column if cell.strip()] for column in zip(*good, strict=True)]
    return Shape(
        width,
        delimiter,
        spaced=delimiter == "," and not any(cell.startswith(" ") for column in columns for cell in column),
        numbers=frozenset(n for n, one in enumerate(columns) if one and all(map(_NUMBER.fullmatch, one))),
        truths=frozenset(n for n, one in enumerate(columns) if one and _TRUTH.issuperset(map(str.lower, one))),
    )


def settle(text: str, shape: Shape) -> list[Settled]:
    """What a row that does not fit becomes: nothing where it is blank, several rows where a quotation mark swallowed
    some, else one. Rules of repair, each certain or not applied:

    - `wrapped`: the row is one cell, which read once more has as many cells as the header;
    - `surplus`: all cells beyond the header's are empty, and the others are of their column's sort: a text with a
      comma that was not quoted moves cells to the right, over empty ones at the end;
    - `comma`: as many cells begin with a space as there are too many, no cell of the whole rows at the file's head
      does, and joined to the cell before each, all cells are of their column's sort;
    - `quote`: the row runs over several lines, its quotation marks do not pair, and of the lines below the first
      one at least is a whole row by itself: each line is taken for a row.
    """
    cells = cells_of(text, shape.delimiter)
    if shape.width > 1 and len(cells) <= 1 and not "".join(cells).strip(_BLANK):
        return []
    if doubtful(cells, text) and not _sound(text, shape) and (apart := _apart(text, shape)):
        return apart
    if len(cells) == shape.width:
        return [Settled(cells, cells, "", "")]
    for repair in (_wrapped, _surplus, _comma):
        if found := repair(cells, shape):
            return [found]
    return [_kept(cells, shape)]


def unclosed(line: str, shape: Shape) -> list[Settled]:
    """The row of a line in which a quotation mark is opened and never closed."""
    cells = cells_of(line.rstrip("\r\n"), shape.delimiter)
    if len(cells) == shape.width:
        return [Settled(cells, cells, "quote", "A quotation mark is opened in this row and never closed.")]
    return settle(line.rstrip("\r\n"), shape)


def _wrapped(cells: list[str], shape: Shape) -> Settled | None:
    if len(cells) != 1 or shape.width == 1:
        return None
    inner = cells_of(cells[0].strip(), shape.delimiter)
    if len(inner) != shape.width:
        return None
    return Settled(
        inner, cells, "wrapped", "The whole row stood in one more layer of quotation marks; it was unwrapped."
    )


def _surplus(cells: list[str], shape: Shape) -> Settled | None:
    extra = cells[shape.width :]
    if not extra or "".join(extra).strip() or not shape.fits(cells[: shape.width]):
        return None
    said = f"{len(extra)} empty cell{'s' * (len(extra) > 1)} at the row's end left out."
    return Settled(cells[: shape.width], cells, "surplus", said)


def _comma(cells: list[str], shape: Shape) -> Settled | None:
    if not shape.spaced or len(cells) <= shape.width:
        return None
    joined: list[str] = []
    for cell in cells:
        if joined and cell.startswith(" ") and cell.strip():
            joined[-1] += f",{cell}"
        else:
            joined.append(cell)
    if not shape.fits(joined):
        return None
    said = "A text with a comma was not quoted; cells that begin with a space were joined to the one before."
    return Settled(joined, cells, "comma", said)


def _apart(text: str, shape: Shape) -> list[Settled]:
    first, *rest = lines_of(text)
    if not any(len(cells_of(one, shape.delimiter)) == shape.width for one in rest):
        return []
    found = unclosed(first, shape)
    for line, one in enumerate(rest, 1):
        found += [replace(each, line=line) for each in settle(one, shape)]
    return found


def _kept(cells: list[str], shape: Shape) -> Settled:
    said = f"This row has {len(cells):,} cells; the header has {shape.width:,}. It is kept whole, in no column."
    return Settled(None, cells, "ragged", said)
