"""What keeps two cities' rows from being compared: other times, samples, kinds without a code, rows made in another way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import TYPE_CHECKING, Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commonground.catalog.models import Dataset
from commonground.errors import NotFound
from commonground.pages.charts.amounts import told
from commonground.standards import files
from commonground.standards.model import UNMAPPED
from commonground.tables.models import Part
from commonground.tables.showing import shares
from commonground.tables.showing.compared_figures import left_out
from commonground.tables.showing.standing import Rights, rights
from commonground.tables.showing.words import meaning

if TYPE_CHECKING:
    from commonground.tables.manifest import CityRows
    from commonground.tables.showing.comparing import Compared, Coverage
    from commonground.words import City

MUCH: Final = 2.0
"""Percent of values from which what is missing is said as a caution."""
UNEVEN: Final = 5.0
"""A month with so many times the rows of the usual one is no course of events, but a sample."""
SAMPLE: Final = 0.95
"""Of the rows that a portal says it has, fewer than this share are a sample."""
TOP: Final = 3
"""Sorts of findings that are told of a city; its own page has all."""
FEW: Final = 2
"""Files that are named."""
RARE: Final = 0.001
"""What is found in a smaller share of the rows changes no figure here."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Of a field that the comparison uses: rows without a value; values that the city gave and that are lost."""

    field: str
    title: str
    rows: int
    missing: int
    given: int
    lost: int

    @property
    def percent(self) -> float | None:
        """Rows without a value, in percent."""
        return 100 * self.missing / self.rows if self.rows else None


@dataclass(frozen=True)
class Standing:
    """A city in a comparison: its facts, its remainders, and what to beware of, the gravest first."""

    slug: str
    city: City
    rows: int
    all_rows: int
    coverage: Coverage | None
    periods: int
    usual: float | None
    rated: float | None
    missing: tuple[Missing, ...]
    whole: shares.Whole
    cautions: tuple[str, ...]
    sound: tuple[str, ...]
    note: str
    rights: tuple[Rights, ...]
    part: str = ""
    """What makes its rows an extract: `counted` (the portal has more), `uneven`, `recorded` (files that were kept)."""


def standings(of: Compared, *, brief: bool = False) -> list[Standing]:
    """Each city, by name. A `brief` names recorded files once, above all cities."""
    return [_standing(of, slug, brief=brief) for slug in of.cities]


def _standing(of: Compared, slug: str, *, brief: bool) -> Standing:
    held, usual = of.table.cities[slug], of.usual(slug)
    by_rows = of.rated(slug, of.sum_of(slug).rows) if not of.table.standard.time else None
    missing, whole = fields(of, slug), shares.whole(of.table.standard, [held.result])
    parts = list(Part.objects.filter(builds=held.build))
    cautions = _cautions(of, slug, parts, missing)
    return Standing(
        slug,
        of.cities[slug],
        of.sum_of(slug).rows,
        held.result.mapped,
        of.coverages.get(slug),
        len(of.periods(slug)),
        usual,
        of.rated(slug, usual) if usual is not None else by_rows,
        missing,
        whole,
        tuple(one for one in cautions if not brief or one != _kept(parts)),
        tuple(_sound(held, missing, whole)),
        _note(of, slug),
        tuple(rights(held)),
        _part_of(of, slug, parts),
    )


def _part_of(of: Compared, slug: str, parts: Sequence[Part]) -> str:
    coverage = of.coverages.get(slug)
    if _sample(parts):
        return "counted"
    if coverage and _uneven(coverage):
        return "uneven"
    return "recorded" if _kept(parts) else ""


def fields(of: Compared, slug: str) -> tuple[Missing, ...]:
    """The fields that charts and maps use, over the rows that each of them could use."""
    standard, result = of.table.standard, of.table.cities[slug].result
    sums = {"dated": of.any_day.sums, "coded": of.any_kind.sums, "placed": of.part.sums}
    used = [(standard.time, "dated"), (standard.kind, "coded"), ("latitude" if standard.has_place else "", "placed")]
    found = []
    for name, known in used:
        if not name:
            continue
        one = sums[known].cities.get(slug)
        rows = one.rows if one else 0
        share = result.remainder.get(name)
        heading = _("Place") if known == "placed" else standard.named[name].title
        lost = (share.given, share.lost) if share else (0, 0)
        found.append(Missing(name, heading, rows, rows - getattr(one, known) if one else 0, *lost))
    return tuple(found)


def _cautions(of: Compared, slug: str, parts: Sequence[Part], missing: Iterable[Missing]) -> Iterable[str]:
    if not of.sum_of(slug).rows:
        yield _("No row is in what was asked for.")
    if sample := _sample(parts) or _kept(parts):
        yield sample
    yield from _one_kind(of, slug)
    yield from _times(of, slug)
    unmapped = of.unmapped(slug)
    if unmapped is not None and unmapped >= MUCH:
        yield _(
            "%(share)s of its rows are of a kind that has no code yet, so its kinds are not comparable as they stand."
        ) % {"share": told(unmapped, "percent")}
    for one in missing:
        if one.percent is not None and one.percent >= MUCH and not (one.field == of.table.standard.kind and unmapped):
            yield _lacks(one)
    yield from _troubles(of, of.table.cities[slug])


def _lacks(one: Missing) -> str:
    if one.missing == one.rows:
        return _("None of its rows has “%(field)s”.") % {"field": one.title}
    told_as = {"share": told(one.percent, "percent"), "field": one.title}
    return _("%(share)s of its rows have no “%(field)s”.") % told_as


def _times(of: Compared, slug: str) -> Iterable[str]:
    """What its rows do not say of the time between its first and its newest day."""
    coverage = of.coverages.get(slug)
    if coverage and coverage.first and coverage.newest:
        if (uneven := _uneven(coverage)) is not None:
            yield uneven
        if not of.periods(slug):
            yield _("Only from %(first)s to %(last)s: no %(step)s is whole, so none is drawn.") % {
                "first": _day(coverage.first),
                "last": _day(coverage.newest),
                "step": _("year") if of.per == "year" else _("month"),
            }
        if coverage.missing:
            text = ngettext(
                "%(n)s month between its first and its newest day has no row at all.",
                "%(n)s months between its first and its newest day have no row at all.",
                len(coverage.missing),
            )
            yield text % {"n": f"{len(coverage.missing):,}"}
        if said := left_out(of, slug):
            yield said


def kinds(of: Compared, slug: str) -> set[str]:
    """The codes that a city has rows of."""
    return set(of.any_kind.sums.kinds.get(slug, {})) - {UNMAPPED}


def _one_kind(of: Compared, slug: str) -> Iterable[str]:
    """Where a city publishes one kind and others publish more."""
    own = kinds(of, slug)
    if len(own) == 1 and len(set.union(*(kinds(of, one) for one in of.cities))) > 1:
        (code,) = own
        label = of.table.standard.codes(of.table.standard.kind).get(code, code)
        yield _("All its rows are of one kind: %(kind)s.") % {"kind": label}


def _kept(parts: Sequence[Part]) -> str:
    """Whether its rows are of recorded files, whose labels name folder and file; rows read from a portal have a day."""
    names = [part.label for part in parts if "/" in part.label]
    if not names or len(names) < len(parts):
        return ""
    text = ngettext(
        "From a file that somebody kept (%(files)s), not from the portal: it may hold only some of the city's rows.",
        "From %(n)s files that somebody kept (%(files)s), not from the portal: they may hold only some of the city's rows.",
        len(names),
    )
    return text % {"n": len(names), "files": ", ".join([*names[:FEW], *["…"] * (len(names) > FEW)])}


def _sample(parts: Sequence[Part]) -> str:
    """Whether its portal says that it has more rows than were read."""
    read: dict[str, int] = {}
    declared: dict[str, int] = {}
    for part in parts:
        read[part.source] = read.get(part.source, 0) + part.rows
        declared[part.source] = max(declared.get(part.source, 0), part.declared or 0)
    for row in Dataset.objects.filter(key__in=read).select_related("revision"):
        counted = row.revision.form.get("row_count") if row.revision else None
        declared[row.key] = max(declared.get(row.key, 0), counted or 0)
    known = {one for one in read if declared[one] > read[one]}
    have, all_of = sum(read[one] for one in known), sum(declared[one] for one in known)
    if not known or have / all_of >= SAMPLE:
        return ""
    return _("An extract: %(read)s of the %(all)s rows that its portal says it has.") % {
        "read": f"{have:,}",
        "all": f"{all_of:,}",
    }


def _uneven(coverage: Coverage) -> str | None:
    counts = [coverage.months[one].rows for one in coverage.whole]
    if not counts or max(counts) < UNEVEN * median(counts):
        return None
    text = _(
        "Its months have from %(least)s to %(most)s rows: most likely an extract of some times, so a rate of it"
        " is no rate of what happened."
    )
    return text % {"least": f"{min(counts):,}", "most": f"{max(counts):,}"}


def _troubles(of: Compared, held: CityRows) -> Iterable[str]:
    """What was found wrong with its values, the most frequent first."""
    least = max(1.0, RARE * held.result.mapped)
    found = sorted((one for one in held.result.troubles if one.count >= least), key=lambda one: -one.count)
    for one in found[:TOP]:
        said = meaning(one.code, of.table.standard, one.field)
        yield ngettext("%(n)s row. %(meaning)s", "%(n)s rows. %(meaning)s", one.count) % {
            "n": f"{one.count:,}",
            "meaning": said.meaning,
        }


def _sound(held: CityRows, missing: Iterable[Missing], whole: shares.Whole) -> Iterable[str]:
    """What can be relied on."""
    result = held.result
    if not result.withheld:
        yield _("All %(rows)s rows that were read are in the table.") % {"rows": f"{result.mapped:,}"}
    else:
        told_as = {"mapped": f"{result.mapped:,}", "read": f"{result.read:,}"}
        yield _("%(mapped)s of %(read)s rows that were read are in the table.") % told_as
    if whole.percent is not None:
        yield _("%(share)s of the values that it gave are lost.") % {"share": told(whole.percent, "percent")}
    good = [one.title for one in missing if one.percent is not None and one.percent < MUCH]
    if good:
        yield _("Nearly every row has: %(fields)s.") % {"fields": ", ".join(good)}


def _note(of: Compared, slug: str) -> str:
    """What its crosswalk says of how rows are made."""
    try:
        return " ".join(files.crosswalk(of.table.standard.name, slug).note.split())
    except NotFound:
        return ""


def _day(day: date) -> str:
    return date_format(day, _("M j, Y"))


def gravest(every: Iterable[Standing]) -> list[str]:
    """The first caution of each city, with its name: what goes along with a picture."""
    return [f"{one.city.name}: {one.cautions[0]}" for one in every if one.cautions]


def extracts(every: Iterable[Standing]) -> Iterable[str]:
    """Of which cities only some rows are here, or may be."""
    sure = [one.city.name for one in every if one.part in {"counted", "uneven"}]
    kept = [one.city.name for one in every if one.part == "recorded"]
    if sure:
        text = _("Of %(cities)s the table has an extract: a rate of it is no rate of all that happened.")
        yield text % {"cities": ", ".join(sure)}
    if kept:
        text = _(
            "The rows of %(cities)s are from files that somebody kept, which may be extracts of some days or some rows:"
            " a rate of theirs may be far too low."
        )
        yield text % {"cities": ", ".join(kept)}


def unlike(of: Compared, every: Iterable[Standing]) -> list[str]:
    """What a reader must know of the comparison as a whole, before any figure."""
    every = list(every)
    said = list(extracts(every))
    if of.table.standard.time:
        spans = {one.city.name: one.coverage for one in every if one.coverage and one.coverage.first}
        if not of.common:
            each = "; ".join(
                _("%(city)s from %(first)s to %(last)s")
                % {"city": name, "first": _day(one.first), "last": _day(one.newest)}
                for name, one in spans.items()
                if one.first and one.newest
            )
            said.append(
                _(
                    "No month is whole in all of these cities: %(spans)s. Nothing here says that one city has more than another."
                )
                % {"spans": each}
            )
        elif not of.aligned:
            text = ngettext(
                "These cities cover different times. %(n)s month is whole in all of them.",
                "These cities cover different times. %(n)s months are whole in all of them.",
                len(of.common),
            )
            said.append(text % {"n": len(of.common)})
    if of.table.standard.kind and not set.intersection(*(kinds(of, one) for one in of.cities)):
        said.append(_("No kind of row is in all of these cities, so their totals are of different things."))
    return said
