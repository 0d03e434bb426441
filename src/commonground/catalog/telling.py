"""Differences and events as sentences, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext, ngettext_lazy, pgettext
from django.utils.translation import gettext_lazy as _

from commonground.catalog.differences import Aspect, Difference, Value, Weight
from commonground.catalog.spoken import WORDS, word

NAMED: Final = 5
"""How many of a list are named; of the rest, the number."""
LONGEST: Final = 160
"""Characters of a city's text in a sentence."""
FEW: Final = 2
"""So many of one aspect have a sentence each; more are told in one."""

SUBJECTS: Final = {
    Aspect.TITLE: _("Title"),
    Aspect.KIND: _("Kind"),
    Aspect.LICENSE: _("License"),
    Aspect.PUBLISHER: _("Publisher"),
    Aspect.PARENTS: _("Made from"),
    Aspect.FREQUENCY: _("Promised update"),
    Aspect.CONTACT: _("Office to ask"),
    Aspect.EXTENT: _("Area"),
    Aspect.PERIOD: _("Time it speaks of"),
    Aspect.LANDING_PAGE: _("Page at the portal"),
    Aspect.PLACE: _("Place"),
    Aspect.SERIES: _("Series"),
    Aspect.ROWS_KNOWN: _("Number of rows"),
    Aspect.DATA_UPDATED: _("Rows changed"),
    Aspect.MODIFIED: _("Record changed"),
    Aspect.ISSUED: _("First published"),
}
"""What a difference of one value is of."""

_MOMENTS: Final = {Aspect.DATA_UPDATED, Aspect.MODIFIED, Aspect.ISSUED}

LISTED: Final = {
    Aspect.COLUMN_ADDED: ngettext_lazy("Column added: %(names)s.", "%(count)s columns added: %(names)s.", "n"),
    Aspect.COLUMN_REMOVED: ngettext_lazy("Column removed: %(names)s.", "%(count)s columns removed: %(names)s.", "n"),
    Aspect.COLUMN_DESCRIBED: ngettext_lazy(
        "Column described otherwise: %(names)s.", "%(count)s columns described otherwise: %(names)s.", "n"
    ),
    Aspect.FILE_ADDED: ngettext_lazy(
        "File or service added: %(names)s.", "%(count)s files or services added: %(names)s.", "n"
    ),
    Aspect.FILE_REMOVED: ngettext_lazy(
        "File or service removed: %(names)s.", "%(count)s files or services removed: %(names)s.", "n"
    ),
    Aspect.FILE_MOVED: ngettext_lazy(
        "File or service at another address: %(names)s.",
        "%(count)s files or services at other addresses: %(names)s.",
        "n",
    ),
    Aspect.THEMES_ADDED: ngettext_lazy("Theme added: %(names)s.", "Themes added: %(names)s.", "n"),
    Aspect.THEMES_REMOVED: ngettext_lazy("Theme removed: %(names)s.", "Themes removed: %(names)s.", "n"),
    Aspect.KEYWORDS_ADDED: ngettext_lazy("Keyword added: %(names)s.", "Keywords added: %(names)s.", "n"),
    Aspect.KEYWORDS_REMOVED: ngettext_lazy("Keyword removed: %(names)s.", "Keywords removed: %(names)s.", "n"),
}
"""What needs only be named, one or many."""

OWN: Final = {
    Aspect.REPLACED: _("This id now names another data set: %(after)s instead of %(before)s."),
    Aspect.COLUMN_RENAMED: _("Column renamed from %(before)s to %(after)s."),
    Aspect.COLUMN_RELABELED: _("Column %(name)s is now shown as %(after)s instead of %(before)s."),
    Aspect.COLUMN_RETYPED: _("Type of column %(name)s changed from %(before)s to %(after)s."),
    Aspect.COLUMN_TYPE_NAMED: _("The portal calls the type of column %(name)s %(after)s instead of %(before)s."),
    Aspect.COLUMNS_UNKNOWN: _("The record no longer says which columns there are; it named %(before)s."),
    Aspect.COLUMNS_KNOWN: _("The record now says which columns there are: %(after)s."),
    Aspect.ROWS_HALVED: _("Rows fell by half or more, from %(before)s to %(after)s."),
    Aspect.ROWS_FELL: _("Rows fell from %(before)s to %(after)s."),
    Aspect.ROWS_GREW: _("Rows grew from %(before)s to %(after)s."),
    Aspect.DESCRIPTION: _("Description changed."),
    Aspect.MARKUP: _("Links or layout of the description changed."),
    Aspect.FILE_CHANGED: _("File or service changed from %(before)s to %(after)s."),
}
"""What has a sentence of its own."""

MANY: Final = {
    Aspect.COLUMN_RENAMED: _("%(count)s columns renamed: %(names)s."),
    Aspect.COLUMN_RELABELED: _("%(count)s columns shown under other names: %(names)s."),
    Aspect.COLUMN_RETYPED: _("%(count)s columns have other types: %(names)s."),
    Aspect.COLUMN_TYPE_NAMED: _("The portal calls the types of %(count)s columns otherwise: %(names)s."),
    Aspect.FILE_CHANGED: _("%(count)s files or services changed: %(names)s."),
}
"""The same, where there are more than a few."""

EVENTS: Final = {
    "added": _("Added to the catalog."),
    "missing": _("No longer listed by its portal."),
    "withdrawn": _("Withdrawn: its portal has not listed it for too long."),
    "returned": _("Listed again by its portal."),
    "moved": _("Moved to %(detail)s."),
    "replaced": _("This id named something else before: %(detail)s."),
}
"""What happened to a dataset, beside changes of its record."""

_TYPED: Final = {Aspect.COLUMN_ADDED, Aspect.COLUMN_REMOVED}


def sentences(found: Iterable[Difference], zone: str = "UTC") -> Iterator[str]:
    """One sentence for each difference, or for many alike; days are those of `zone`."""
    for (_weight, aspect), group in groupby(found, key=lambda one: (one.weight, one.aspect)):
        alike = list(group)
        if aspect in LISTED or (aspect in MANY and len(alike) > FEW):
            names = [name for one in alike for name in _names(one)]
            values = {"count": f"{len(alike):,}", "names": listing(names), "n": len(names)}
            yield (LISTED if aspect in LISTED else MANY)[aspect] % values
        else:
            yield from (_sentence(one, zone) for one in alike)


def sentence(one: Difference, zone: str = "UTC") -> str:
    """One difference in words."""
    return next(sentences([one], zone))


def event(kind: str, detail: str = "") -> str:
    """One event in words; `kind` is a key of EVENTS."""
    return EVENTS[kind] % {"detail": _cut(detail)}


def summary(found: Sequence[Difference], zone: str = "UTC", most: int = 3) -> str:
    """The first sentences about a revision. Routine is told only where there is nothing else."""
    if not found:
        return gettext("Something changed in the record that our form of it does not have.")
    if found[0].aspect is Aspect.REPLACED:
        return sentence(found[0], zone)
    news = [one for one in found if one.weight is not Weight.ROUTINE]
    told = list(sentences(news or found, zone))
    more = len(told) - most
    if more <= 0:
        return " ".join(told)
    rest = ngettext("%(count)s more change.", "%(count)s more changes.", more) % {"count": more}
    return f"{' '.join(told[:most])} {rest}"


def _sentence(one: Difference, zone: str) -> str:
    before, after = _shown(one.before, one.aspect, zone), _shown(one.after, one.aspect, zone)
    if one.aspect in OWN:
        return OWN[one.aspect] % {"name": one.name, "before": before, "after": after}
    values = {"what": SUBJECTS[one.aspect], "before": before, "after": after}
    if one.aspect in _MOMENTS and one.after is not None:
        return gettext("%(what)s: %(after)s.") % values
    if not one.before:
        return gettext("%(what)s given: %(after)s.") % values
    if not one.after:
        return gettext("%(what)s no longer given; it was %(before)s.") % values
    return gettext("%(what)s changed from %(before)s to %(after)s.") % values


def _names(one: Difference) -> Iterator[str]:
    """What a difference is of: the words of a list, or its column (with its type) or file."""
    listed = [value for value in (one.before, one.after) if isinstance(value, tuple)]
    if listed:
        yield from listed[0]
        return
    kind = one.after or one.before
    typed = one.aspect in _TYPED and isinstance(kind, str) and kind in WORDS["type"]
    yield f"{one.name} ({word(str(kind), 'type')})" if typed else one.name or str(kind or "")


def listing(names: Sequence[str]) -> str:
    """The first of them, and how many more."""
    shown = ", ".join(_cut(one) for one in names[:NAMED])
    rest = len(names) - NAMED
    if rest <= 0:
        return shown
    return ngettext("%(shown)s and %(more)s more", "%(shown)s and %(more)s more", rest) % {
        "shown": shown,
        "more": f"{rest:,}",
    }


def _shown(value: Value, aspect: Aspect, zone: str = "UTC") -> str:
    """A value as a sentence has it: words of ours bare, words of the city in quotes."""
    if value is None:
        return pgettext("a value", "none")
    if isinstance(value, datetime):
        return _day(value, zone)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, tuple):
        return listing(value) or pgettext("a value", "none")
    families = {Aspect.KIND: "kind", Aspect.COLUMN_RETYPED: "type"}
    if aspect in families and value in WORDS[families[aspect]]:
        return word(value, families[aspect])
    bare = aspect in {Aspect.COLUMN_RENAMED, Aspect.EXTENT, Aspect.PERIOD}
    return value if bare else gettext("“%(text)s”") % {"text": _cut(value)}


def _day(moment: datetime, zone: str) -> str:
    """The day in the city's own zone; midnight sharp in UTC is a date that was given without a time."""
    given = moment.astimezone(UTC)
    dated = given.hour == given.minute == given.second == 0
    return date_format(given if dated else given.astimezone(ZoneInfo(zone)), pgettext("a date in a table", "M j, Y"))


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST].rstrip()} …"
