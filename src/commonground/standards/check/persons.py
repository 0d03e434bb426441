"""Columns that a city may not want to publish: telephone numbers and mailboxes in values, persons in columns' names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import pyarrow as pa
from pyarrow import compute

from commonground.engine.tabular.layout import ROW
from commonground.standards.check.report import Fault, Group, cut
from commonground.standards.model import FieldType, Standard
from commonground.words import Fixer, Severity

MOST_ROWS: Final = 20_000
"""Rows at the head of a file whose values are looked at."""
_MOST_COLUMNS: Final = 200
_SEEN: Final = {
    "phone": r"(?:^|[^\d.-])(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?:$|[^\d-])",
    "e-mail": r"[^\s@]+@[^\s@.]+\.[A-Za-z]{2,}",
}
"""How a telephone number of the United States and a mailbox look (Arrow's regular expressions, which are RE2's)."""
_SAID: Final = {"phone": "a telephone number", "e-mail": "an e-mail address"}


class Risk(Protocol):
    """What the name of a column says about persons: what it seems to hold, how bad that is, what the city can do."""

    @property
    def code(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def severity(self) -> Severity: ...
    @property
    def advice(self) -> str: ...


Named = Callable[[Sequence[str]], Iterable[tuple[str, Risk]]]
"""From the names of a file's columns to those that may be of persons."""


def by_name(names: Sequence[str], told: Collection[str], named: Named) -> Iterator[Group]:
    """Columns whose names tell of persons, but for those that are `told` of: fields, and columns with such values."""
    for column, risk in named(names):
        if column not in told:
            severity = Severity.WARNING if risk.code in _SEEN else risk.severity
            said = f"The column “{cut(column)}” may be of a person: {risk.label.lower()}."
            fault = Fault(0, 0, column, "", "person", said, Fixer.CITY, risk.advice)
            yield Group(column, "person", severity, 1, said, fault.who, fault.how, (fault,))


@dataclass
class Values:
    """Looks through the first rows of a file, the texts of which are free: not numbers, times, codes and keys."""

    names: Sequence[str]
    most: int
    left: int = MOST_ROWS
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    samples: dict[tuple[str, str], list[tuple[int, str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Sequence[str], columns: Mapping[str, str], standard: Standard, most: int) -> Values:
        """For a file with these columns (field to column)."""
        strict = {
            columns[one.name]
            for one in standard.fields
            if one.name in columns and (one.type is not FieldType.STRING or one.codelist or one.name in standard.key)
        }
        return cls([one for one in names if one not in strict][:_MOST_COLUMNS], most)

    def take(self, table: pa.Table) -> None:
        """Look at one more table, as far as rows are left to look at."""
        if self.left <= 0:
            return
        table = table.slice(0, self.left)
        self.left -= table.num_rows
        for name in self.names:
            for kind, pattern in _SEEN.items():
                hits = table.filter(compute.match_substring_regex(table[name], pattern))
                if hits.num_rows:
                    self.counts[name, kind] += hits.num_rows
                    held = self.samples.setdefault((name, kind), [])
                    some = hits.slice(0, self.most - len(held))
                    held += zip(some[ROW].to_pylist(), some[name].to_pylist(), strict=True)

    def groups(self, columns: Mapping[str, str]) -> Iterator[Group]:
        """A group for each column and sort of value."""
        ours = set(columns.values())
        for (name, kind), count in self.counts.items():
            how = (
                "Take it out; if it stays, it is masked in the table."
                if name in ours
                else "Leave the column out of what is published, or take the values out."
            )
            said = f"What looks like {_SAID[kind]} stands here (the first {MOST_ROWS:,} rows were looked at)."
            faults = tuple(
                Fault(row, 0, name, cut(value), kind, said, Fixer.CITY, how) for row, value in self.samples[name, kind]
            )
            yield Group(name, kind, Severity.WARNING, count, said, Fixer.CITY, how, faults)
