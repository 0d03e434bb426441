"""What a check found: groups of faults, one a column and rule, counted in full and shown up to a number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from commonground.words import Fixer, Severity

LONGEST: Final = 200
"""Characters of a value that are shown."""
HEADS: Final = ("severity", "row", "line", "column", "value", "rule", "message", "who", "how")
_CONTROLS: Final = {n: 0x2400 + n for n in range(32)} | {127: 0x2421}
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong at one place. `row` is the record below the header, `line` that of the file; 0: the whole file."""

    row: int
    line: int
    column: str
    value: str
    rule: str
    message: str
    who: Fixer
    how: str


@dataclass(frozen=True, slots=True)
class Group:
    """All faults of one rule in one column ("": the row itself). `count` is exact, `samples` are the first of them.

    `values` are the wrong values, the most frequent first, with their counts; only the rule `code` tells them.
    """

    column: str
    rule: str
    severity: Severity
    count: int
    message: str
    who: Fixer
    how: str
    samples: tuple[Fault, ...] = ()
    values: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A check. Groups are sorted: errors first, then the most frequent. `checked` are columns that are fields."""

    file: str
    standard: str
    city: str
    rows: int
    checked: tuple[str, ...]
    groups: tuple[Group, ...]

    @property
    def errors(self) -> int:
        """How many faults break the standard."""
        return self._of(Severity.ERROR)

    @property
    def warnings(self) -> int:
        """How many are likely mistakes, though the standard allows them."""
        return self._of(Severity.WARNING)

    @property
    def ok(self) -> bool:
        """Whether nothing breaks the standard."""
        return not self.errors

    def _of(self, severity: Severity) -> int:
        return sum(one.count for one in self.groups if one.severity is severity)

    def faults(self) -> Iterator[tuple[Severity, Fault]]:
        """The faults that are shown, group by group."""
        for group in self.groups:
            yield from ((group.severity, one) for one in group.samples)

    def as_form(self) -> dict[str, Any]:
        """As JSON: `summary` {rows, errors, warnings, ok} and `groups` with their samples."""
        return {
            "file": self.file,
            "standard": self.standard,
            "city": self.city or None,
            "summary": {"rows": self.rows, "errors": self.errors, "warnings": self.warnings, "ok": self.ok},
            "columns": list(self.checked),
            "groups": [
                asdict(one) | {"values": [{"value": value, "count": count} for value, count in one.values]}
                for one in self.groups
            ],
        }

    def as_rows(self) -> Iterator[tuple[str | int, ...]]:
        """The faults that are shown as rows of `HEADS`, for a spreadsheet: none of their cells is run as a formula."""
        for severity, one in self.faults():
            cells = (severity, one.row, one.line, one.column, one.value, one.rule, one.message, one.who, one.how)
            yield tuple(cell if isinstance(cell, int) else harmless(str(cell)) for cell in cells)


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe in front, except of numbers."""
    if not cell.lstrip(" ").startswith(_FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell


def cut(value: str) -> str:
    """A value as it is shown: in one line, without what a terminal would obey."""
    value = value.translate(_CONTROLS)
    return value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…"
