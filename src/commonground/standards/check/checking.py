"""The check itself: a file's rows against a standard, in one pass and bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from commonground.engine.tabular import Problem, Rows, open_rows
from commonground.engine.tabular.sifting import Sieve
from commonground.standards.check import header, persons
from commonground.standards.check.report import Fault, Group, Report, cut
from commonground.standards.check.rules import Plan, Rule, plan
from commonground.standards.model import Standard
from commonground.words import City, Fixer, Severity

SAMPLES: Final = 10
"""Faults of one column and rule that are shown."""
_VALUES: Final = 20
_WEIGHT: Final = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
_FILE: Final[dict[str, tuple[Severity, str, str]]] = {
    "ragged": (
        Severity.ERROR,
        "Rows have more or fewer cells than the header.",
        "Put values that contain the delimiter in quotation marks.",
    ),
    "record": (Severity.ERROR, "Records are no objects with names and values.", "Give one object a row."),
    "quote": (Severity.ERROR, "Quotation marks are opened and never closed.", 'Write a mark within a value twice: "".'),
    "comma": (
        Severity.ERROR,
        "Texts with a comma are not quoted; they were read by a rule that may not hold elsewhere.",
        "Put values that contain a comma in quotation marks.",
    ),
    "wrapped": (Severity.ERROR, "Whole rows stand in one more layer of quotation marks.", "Quote cells, not rows."),
    "surplus": (Severity.WARNING, "Rows have empty cells too many at their end.", "Leave them out."),
    "encoding": (Severity.WARNING, "The file is not all UTF-8.", "Save it as UTF-8 (in a spreadsheet: “CSV UTF-8”)."),
    "nul": (Severity.WARNING, "The file has NUL bytes.", "Leave them out."),
    "header": (Severity.NOTE, "Columns have no name, or the same.", "Give each column a name of its own."),
}
_SHIFTED: Final = (
    "Other rows have none: see whether a text with a comma is not in quotation marks, so that the cells after it stand"
    " one column too far to the right."
)


def _nobody(_: Sequence[str]) -> Iterator[tuple[str, persons.Risk]]:
    return iter(())


def check_file(  # noqa: PLR0913 - each may be given alone
    path: Path,
    standard: Standard,
    *,
    city: City | None = None,
    samples: int = SAMPLES,
    name: str | None = None,
    named: persons.Named = _nobody,
) -> Report:
    """Check a file of any kind that `open_rows` reads; `name` is a sheet of it, or a file in it. As `check` else."""
    with open_rows(path, name=name) as rows:
        return check(rows, standard, city=city, samples=samples, named=named)


def check(  # noqa: PLR0913 - each may be given alone
    rows: Rows,
    standard: Standard,
    *,
    city: City | None = None,
    samples: int = SAMPLES,
    today: date | None = None,
    named: persons.Named = _nobody,
) -> Report:
    """Hold rows against a standard; `city` adds what is known of the city (place, clock, slug), and `named` tells which
    names of columns are of persons.

    Counts are exact; at most `samples` faults of each column and rule are shown, the first ones. Raises `FileRefused`
    where the file cannot be read to its end.
    """
    columns = header.matched(rows.names, standard)
    wanted = plan(standard, columns, city, today or datetime.now(UTC).date())
    values = persons.Values.of(rows.names, columns, standard, samples)
    read = 0
    conditions = [one.condition for one in wanted.rules]
    with Sieve(wanted.columns, wanted.derived, conditions, key=wanted.key, most=samples) as sieve:
        for batch in rows.batches():
            read += batch.num_rows
            sieve.take(batch)
            values.take(batch)
        found = list(_cells(sieve, wanted, columns))
        found += _repeated(sieve, wanted, standard)
    found = _placed([*found, *values.groups(columns)], rows)
    found += header.faults(rows.names, standard, columns, city.slug if city else "")
    found += persons.by_name(rows.names, {*columns.values(), *(name for name, _ in values.counts)}, named)
    found += _of_file(rows, samples, read)
    if not read:
        found.append(_empty())
    found.sort(key=lambda one: (_WEIGHT.index(one.severity), -one.count))
    slug = city.slug if city else ""
    return Report(rows.path.name, standard.id, slug, read, tuple(columns), tuple(found))


def _cells(sieve: Sieve, wanted: Plan, columns: dict[str, str]) -> Iterator[Group]:
    for rule in wanted.rules:
        name, kind = rule.condition.name
        count = sieve.counts[name, kind]
        if count:
            column = columns.get(name, name)
            samples = tuple(_fault(rule, column, row, value) for row, value in sieve.samples[name, kind])
            values = tuple(sieve.tallies.get((name, kind), {}).items())
            most = tuple(sorted(values, key=lambda one: (-one[1], one[0]))[:_VALUES])
            cut_values = tuple((cut(value), times) for value, times in most)
            yield Group(column, kind, rule.severity, count, rule.message, rule.who, rule.how, samples, cut_values)


def _fault(rule: Rule, column: str, row: int, value: str) -> Fault:
    hint = rule.hint(value) if rule.hint else ""
    how = f"Write {hint}." if hint else rule.how
    message = f"“{cut(value)}”: {rule.message}" if value else rule.message
    return Fault(row, 0, column, cut(value), rule.condition.name[1], message, rule.who, how)


def _repeated(sieve: Sieve, wanted: Plan, standard: Standard) -> Iterator[Group]:
    if not wanted.key:
        return
    count, shown = sieve.repeated()
    if not count:
        return
    column, how = (
        ", ".join(standard.key),
        f"One row is {standard.grain}: leave one of the rows out, or correct its key.",
    )
    samples = tuple(
        Fault(row, 0, column, cut(key), "key", f"“{cut(key)}” is the key of row {first:,} too.", Fixer.CITY, how)
        for row, first, key in shown
    )
    said = "Rows have the key of an earlier row."
    yield Group(column, "key", Severity.ERROR, count, said, Fixer.CITY, how, samples)


def _placed(found: list[Group], rows: Rows) -> list[Group]:
    """With the line of the file beside each row."""
    lines = rows.lines(sorted({one.row for group in found for one in group.samples}))
    return [
        replace(group, samples=tuple(replace(one, line=lines.get(one.row, 0)) for one in group.samples))
        for group in found
    ]


def _of_file(rows: Rows, samples: int, read: int) -> Iterator[Group]:
    for code, count in rows.totals.items():
        severity, message, how = _FILE[code]
        if code == "surplus" and count < read:
            severity, how = Severity.ERROR, _SHIFTED
        who = Fixer.NOBODY if severity is Severity.NOTE else Fixer.CITY
        shown = [one for one in rows.problems if one.code == code][:samples]
        yield Group("", code, severity, count, message, who, how, tuple(_told(one, who, how) for one in shown))


def _told(one: Problem, who: Fixer, how: str) -> Fault:
    return Fault(one.row, one.line, "", cut(one.sample), one.code, one.detail, who, how)


def _empty() -> Group:
    fault = Fault(0, 0, "", "", "empty", "The file has no rows.", Fixer.CITY, "Export it again.")
    return Group("", "empty", Severity.ERROR, 1, fault.message, fault.who, fault.how, (fault,))
