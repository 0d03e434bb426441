"""A figure that is taken away, as a picture or in a frame: it says by itself what the page around it says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from commonground.standards.model import UNMAPPED
from commonground.tables.showing import standing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from commonground.pages.charts import Chart
    from commonground.pages.maps import MapRow
    from commonground.tables.manifest import Table
    from commonground.tables.showing.wanted import Wanted
    from commonground.words import City


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a figure: whose rows of which table, under which filter, what to beware of, and the page of
    this release, for ever. `kinds` says whether the filter by kind holds for the figure.
    """

    table: Table
    wanted: Wanted
    cities: Iterable[City]
    page: str
    cautions: tuple[str, ...] = ()
    kinds: bool = True


def along(figure: Chart | MapRow, around: Around) -> Chart | MapRow:
    """The figure with the title of its table, the filter, the cautions, the licenses and the address of its page."""
    some = list(around.cities)
    unit = " ".join([_ended(figure.unit), *_asked(around, some)])
    licenses = _("Licenses: %(each)s.") % {"each": standing.licenses(around.table, some)}
    return replace(
        figure,
        title=f"{around.table.standard.title}: {figure.title}",
        unit=unit,
        remainder_note=" ".join(filter(None, [figure.remainder_note, figure.note, *around.cautions])),
        note="",
        source=f"{_ended(figure.source)} {licenses} {around.page}",
    )


def _asked(around: Around, cities: Iterable[City]) -> Iterable[str]:
    """Which cities, kind and days."""
    standard, wanted = around.table.standard, around.wanted
    yield ", ".join(one.name for one in cities) + "."
    if wanted.kind and around.kinds:
        label = standard.codes(standard.kind).get(wanted.kind) if wanted.kind != UNMAPPED else None
        yield _("Only “%(kind)s”.") % {"kind": label or _("Without a code of ours")}
    if standard.time and (span := _span(around, cities)):
        yield _("From %(first)s to %(last)s.") % {"first": _day(span[0]), "last": _day(span[1])}


def _span(around: Around, cities: Iterable[City]) -> tuple[date, date] | None:
    """The days asked for; where none are, those of the rows."""
    results = [around.table.cities[one.slug].result for one in cities]
    first = around.wanted.first or min(
        (date.fromisoformat(one.first[:10]) for one in results if one.first), default=None
    )
    last = around.wanted.last or max(
        (date.fromisoformat(one.newest[:10]) for one in results if one.newest), default=None
    )
    return (first, last) if first and last else None


def _day(day: date) -> str:
    return date_format(day, _("M j, Y"))


def _ended(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."
