"""What is wrong with the rows of a file, told without stopping: counted in full, shown up to a number."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

MOST_SHOWN: Final = 1_000
"""Problems of one code that are kept with row and sample; `totals` counts all."""
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong at one place.

    `row` is the record's number in the file (1 is the first below the header) and `line` the line in which it begins;
    0 where there is none, or none is known. Codes: `encoding`, `nul`, `header`, `ragged`, `record` (cells could not be
    told apart; the row comes whole, in `_ragged`), and those of repairs: `wrapped`, `surplus`, `comma`, `quote`.
    """

    row: int
    line: int
    code: str
    detail: str
    sample: str = ""


@dataclass(slots=True)
class Problems:
    """A collection of them. `before` mutes rows that were told of already, when a file is read again."""

    shown: list[Problem] = field(default_factory=list)
    totals: Counter[str] = field(default_factory=Counter)
    before: int = 0

    def add(self, code: str, detail: str, *, row: int = 0, line: int = 0, sample: str = "") -> None:
        """One more."""
        if row and row <= self.before:
            return
        self.totals[code] += 1
        if self.totals[code] <= MOST_SHOWN:
            self.shown.append(Problem(row, line, code, detail, sample[:_LONGEST]))

    def clear(self) -> None:
        """None."""
        self.shown.clear()
        self.totals.clear()
        self.before = 0

    def forget(self, *codes: str) -> None:
        """Leave out what was said with these codes."""
        self.shown[:] = [one for one in self.shown if one.code not in codes]
        for code in codes:
            self.totals.pop(code, None)

    def place(self, lines: dict[int, int]) -> None:
        """Say the lines of rows whose line was not known, and sort all by them."""
        self.shown[:] = [one if one.line else replace(one, line=lines.get(one.row, 0)) for one in self.shown]
        self.shown.sort(key=lambda one: (one.line, one.row, one.code))
