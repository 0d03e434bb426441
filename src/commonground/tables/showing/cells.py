"""Rows as people read them: codes with their labels, times in the city's zone; and the raw row beside them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import duckdb
from django.db.models import Q
from django.urls import reverse

from commonground.errors import NotFound
from commonground.overlap.columns import personal
from commonground.standards.model import CITY, UNMAPPED
from commonground.tables.build.cleaning import quoted
from commonground.tables.build.privacy import masked_text
from commonground.tables.build.rules import WORD
from commonground.tables.manifest import home
from commonground.tables.models import Part, Withdrawal
from commonground.tables.showing import sums

if TYPE_CHECKING:
    from collections.abc import Collection

    from commonground.standards.model import Field, Standard
    from commonground.tables.manifest import CityRows, Table
    from commonground.tables.showing.wanted import Wanted
    from commonground.words import City

_LOG: Final = logging.getLogger(__name__)
FIRST: Final = 25
"""Rows that the page of a table shows."""
_LONGEST: Final = 2000
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """A value: `label` is of a code, "" where there is none; `unit` is the field's."""

    field: Field
    value: Any
    label: str = ""
    zone: str = "UTC"

    @property
    def unmapped(self) -> bool:
        """Whether the city's word has no code."""
        return bool(self.field.codelist) and self.value == UNMAPPED

    @property
    def moment(self) -> bool:
        """Whether it is an instant."""
        return isinstance(self.value, datetime)

    @property
    def day(self) -> bool:
        """Whether it is a day."""
        return isinstance(self.value, date) and not isinstance(self.value, datetime)


def cell(field: Field, row: Row, standard: Standard, city: City) -> Cell:
    """One value of a row."""
    value = row[field.name]
    label = standard.codes(field.name).get(value, "") if field.codelist and value else ""
    return Cell(field, value, label, city.timezone)


def plain(value: object, zone: str) -> object:
    """A value for JSON: instants in the city's zone with their offset."""
    return value.astimezone(ZoneInfo(zone)).isoformat() if isinstance(value, datetime) else value


def key(standard: Standard, row: Row) -> str:
    """The key of a row without its city, as addresses have it."""
    return "/".join(str(row[name]) for name in standard.key if name != CITY)


def address(standard: Standard, row: Row) -> str:
    """The path of a row's page."""
    return reverse("table-row", args=[standard.name, row[CITY], key(standard, row)])


def listed(standard: Standard) -> list[Field]:
    """The fields that a list of rows shows: the time, the city's word for the kind and its code."""
    kind = standard.named[standard.kind] if standard.kind else None
    names = [*standard.key[1:], standard.time, kind.raw if kind else "", standard.kind]
    return [standard.named[name] for name in dict.fromkeys(names) if name]


def first(table: Table, wanted: Wanted, most: int = FIRST) -> list[Row]:
    """The newest rows of each city, as many of each; of one city alone the newest. Fields of `listed`."""
    slugs = [slug for slug in table.cities if not wanted.cities or slug in wanted.cities]
    if not slugs:
        return []
    standard = table.standard
    names = ", ".join(quoted(one) for one in dict.fromkeys((CITY, *(one.name for one in listed(standard)))))
    newest = f"{quoted(standard.time)} DESC NULLS LAST, " if standard.time else ""
    each = max(1, most // len(slugs))
    found: list[Row] = []
    for slug in slugs:
        sql = f"SELECT {names} FROM {{rows}} WHERE {wanted.where(standard)} ORDER BY {newest}_order DESC LIMIT {each}"
        found += sums.question([table.cities[slug].rows], sql)
    return found


def one(table: Table, slug: str, wanted_key: str) -> Row:
    """The row with that key. Raises `NotFound`, which says so where the city took it back."""
    standard = table.standard
    if slug not in table.cities:
        known = ", ".join(table.cities)
        raise NotFound(f"The table {standard.name} has no rows of “{slug}”.", advice=f"Cities: {known}.")
    own = [name for name in standard.key if name != CITY]
    parts = [wanted_key] if len(own) == 1 else wanted_key.split("/")
    if len(parts) == len(own):
        where = " AND ".join(f"{quoted(name)}::VARCHAR = ?" for name in own)
    else:
        where, parts = f"concat_ws('/', {', '.join(f'{quoted(name)}::VARCHAR' for name in own)}) = ?", [wanted_key]
    path = table.cities[slug].rows
    found = sums.question([path], f"SELECT * FROM {{rows}} WHERE {where} LIMIT 1", parts, keep=False)
    if found:
        return found[0]
    taken = Withdrawal.objects.filter(standard=standard.name, city=slug, key=wanted_key).first()
    if taken is not None:
        raise NotFound(
            f"The city took the row “{_cut(wanted_key)}” back on {taken.at:%Y-%m-%d}. It is in no release any more."
        )
    raise NotFound(
        f"Release {table.number} of {standard.name} has no row “{_cut(wanted_key)}” of {slug}.",
        advice="Look for it in the table, or in another release.",
    )


def broken(city: CityRows, row: Row) -> list[tuple[str, str]]:
    """Field and code of each rule that the row's values broke."""
    words = (row["_issues0"] or 0, row["_issues1"] or 0)
    return [one for place, one in enumerate(city.result.issues) if words[place // WORD] >> (place % WORD) & 1]


@dataclass(frozen=True)
class Raw:
    """A row as it came. A cell is (column, text or None, whether it is hidden because it may be of a person)."""

    part: Part
    number: int
    cells: Sequence[tuple[str, str | None, bool]]

    @property
    def values(self) -> Mapping[str, str | None]:
        """The cells that may be shown, by column."""
        return {name: text for name, text, hidden in self.cells if not hidden}


def raw(row: Row, used: Collection[str]) -> Raw | None:
    """The raw row of a row; None where its part is not here any more, or broken (the log says which).

    Telephone numbers and e-mail addresses are masked as in the table. A column whose name says that it may be of a
    person is hidden, unless the table is made from it (`used`).
    """
    part = Part.objects.filter(Q(pk=row["_part"])).first()
    path = home() / part.path if part else Path()
    if part is None or not path.is_file():
        return None
    try:
        found = sums.question([path], "SELECT * FROM {rows} WHERE _row = ?", [row["_row"]], keep=False)
    except duckdb.Error as error:
        _LOG.warning("part %s cannot be read: %s", part.pk, error)
        return None
    return Raw(part, row["_row"], list(_cells(found[0], part.names, used))) if found else None


def _cells(row: Row, names: Sequence[str], used: Collection[str]) -> Iterator[tuple[str, str | None, bool]]:
    persons = personal.of_persons("", names)
    for name in names:
        hidden = name not in used and personal.risk(name, persons=persons) is not None
        text = row.get(name)
        yield name, None if hidden or text is None else masked_text(text)[:_LONGEST], hidden


def where_from(table: Table, slug: str, samples: Sequence[tuple[int, int, str]]) -> Mapping[tuple[int, int], Row]:
    """Of samples, the published rows by part and number; of a row that is not published any more there is none."""
    numbered = sorted({(part, row) for part, row, _text in samples if part})
    if not numbered:
        return {}
    names = ", ".join(quoted(one) for one in dict.fromkeys((*table.standard.key, "_part", "_row")))
    asked = ", ".join(f"({part}, {row})" for part, row in numbered)
    sql = f"SELECT {names} FROM {{rows}} WHERE (_part, _row) IN ({asked})"
    return {(one["_part"], one["_row"]): one for one in sums.question([table.cities[slug].rows], sql)}


def _cut(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:80]}…"  # noqa: PLR2004 - a line
