"""What differs between two states of a dataset, as facts to be told. Pure; `telling.py` has the sentences.

Lists of words (themes, keywords) are compared as sets, columns whatever their order: portals send them as they like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Final, TypeVar

from commonground.catalog import columns
from commonground.words import Column, ColumnType, Contact, Dataset, Distribution, Extent, License, Moment, Period

Value = str | int | datetime | tuple[str, ...] | None
Thing = TypeVar("Thing")
FEW_ROWS: Final = 10
"""Of fewer rows, half is no news."""
_ANY: Final = 0.0
_LITTLE: Final = 0.2
"""A share of words or columns that any two datasets may have in common."""
_EMPTY_WORDS: Final = columns.words("a an and at by city data dataset for from in map of on or the to with")


class Weight(StrEnum):
    """How much a difference matters to those who use the data."""

    SCHEMA = "schema"  # programs that read the rows may break
    IMPORTANT = "important"  # what the dataset is, whose it is, what is allowed
    MINOR = "minor"  # how it is described
    ROUTINE = "routine"  # what moves with every update


class Aspect(StrEnum):
    """What differs. The order is the order of telling, within one weight."""

    REPLACED = "replaced"
    COLUMN_REMOVED = "column_removed"
    COLUMN_RENAMED = "column_renamed"
    COLUMN_RETYPED = "column_retyped"
    COLUMN_ADDED = "column_added"
    COLUMN_RELABELED = "column_relabeled"
    COLUMNS_UNKNOWN = "columns_unknown"
    COLUMNS_KNOWN = "columns_known"
    TITLE = "title"
    KIND = "kind"
    LICENSE = "license"
    PUBLISHER = "publisher"
    PARENTS = "parents"
    ROWS_HALVED = "rows_halved"
    ROWS_FELL = "rows_fell"
    ROWS_KNOWN = "rows_known"
    DESCRIPTION = "description"
    MARKUP = "markup"
    FREQUENCY = "frequency"
    CONTACT = "contact"
    THEMES_ADDED = "themes_added"
    THEMES_REMOVED = "themes_removed"
    KEYWORDS_ADDED = "keywords_added"
    KEYWORDS_REMOVED = "keywords_removed"
    FILE_ADDED = "file_added"
    FILE_REMOVED = "file_removed"
    FILE_MOVED = "file_moved"
    FILE_CHANGED = "file_changed"
    COLUMN_DESCRIBED = "column_described"
    COLUMN_TYPE_NAMED = "column_type_named"
    EXTENT = "extent"
    PERIOD = "period"
    LANDING_PAGE = "landing_page"
    PLACE = "place"
    SERIES = "series"
    ROWS_GREW = "rows_grew"
    DATA_UPDATED = "data_updated"
    MODIFIED = "modified"
    ISSUED = "issued"


A: Final = Aspect
_SCHEMA: Final = frozenset(
    {
        A.REPLACED,
        A.COLUMN_REMOVED,
        A.COLUMN_RENAMED,
        A.COLUMN_RETYPED,
        A.COLUMN_ADDED,
        A.COLUMN_RELABELED,
    }
)
_IMPORTANT: Final = frozenset(
    {A.TITLE, A.KIND, A.LICENSE, A.PUBLISHER, A.PARENTS, A.ROWS_HALVED, A.COLUMNS_UNKNOWN, A.PLACE}
)
_ROUTINE: Final = frozenset({A.ROWS_GREW, A.DATA_UPDATED, A.MODIFIED, A.ISSUED})
_ORDER: Final = {aspect: place for place, aspect in enumerate(Aspect)}
_BY_WEIGHT: Final = {weight: place for place, weight in enumerate(Weight)}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs. `name` says which column or file; what was not there is None."""

    aspect: Aspect
    before: Value = None
    after: Value = None
    name: str = ""

    @property
    def weight(self) -> Weight:
        """How much it matters. Columns that a portal computes by itself (`:@…`) are no part of the city's schema."""
        if self.aspect in _SCHEMA:
            return Weight.MINOR if self.name.startswith(columns.COMPUTED) else Weight.SCHEMA
        if self.aspect in _IMPORTANT:
            return Weight.IMPORTANT
        return Weight.ROUTINE if self.aspect in _ROUTINE else Weight.MINOR


def differences(before: Dataset, after: Dataset) -> tuple[Difference, ...]:
    """All that differs, what matters most first; nothing for equal states."""
    if before == after:
        return ()
    found = chain(
        [Difference(A.REPLACED, before.title, after.title)] if reused(before, after) else (),
        _texts(before, after),
        _details(before, after),
        _moments(before, after),
        _rows(before.row_count, after.row_count),
        _words((A.THEMES_REMOVED, A.THEMES_ADDED), before.themes, after.themes),
        _words((A.KEYWORDS_REMOVED, A.KEYWORDS_ADDED), before.keywords, after.keywords),
        _columns(before.columns, after.columns),
        _files(before.distributions, after.distributions),
    )
    return tuple(sorted(found, key=lambda one: (_BY_WEIGHT[one.weight], _ORDER[one.aspect])))


def _texts(before: Dataset, after: Dataset) -> Iterator[Difference]:
    pairs = (
        (A.TITLE, before.title, after.title),
        (A.KIND, before.kind.value, after.kind.value),
        (A.PUBLISHER, before.publisher, after.publisher),
        (A.DESCRIPTION, before.description, after.description),
        (A.LANDING_PAGE, before.landing_page, after.landing_page),
        (A.SERIES, before.series, after.series),
        (A.PLACE, _place(before), _place(after)),
    )
    for aspect, old, new in pairs:
        if old != new:
            yield Difference(aspect, old or None, new or None)
    if before.description == after.description and before.description_html != after.description_html:
        yield Difference(A.MARKUP, before.description_html or None, after.description_html or None)
    if set(before.parents) != set(after.parents):
        yield Difference(A.PARENTS, tuple(sorted(set(before.parents))), tuple(sorted(set(after.parents))))


def _place(one: Dataset) -> str:
    """Where it is published. A portal that moves to another host keeps its datasets."""
    return f"{one.city}/{one.portal}/{one.native_id} ({one.host})"


def _details(before: Dataset, after: Dataset) -> Iterator[Difference]:
    yield from _worded(A.LICENSE, before.license, after.license, _license)
    yield from _worded(A.CONTACT, before.contact, after.contact, _contact)
    yield from _worded(A.FREQUENCY, before.frequency, after.frequency, lambda one: one.text)
    yield from _worded(A.EXTENT, before.spatial, after.spatial, _extent)
    yield from _worded(A.PERIOD, before.temporal, after.temporal, _period)


def _worded(
    aspect: Aspect, before: Thing | None, after: Thing | None, word: Callable[[Thing], str]
) -> Iterator[Difference]:
    """Told in short, and whole where the short forms are the same."""
    if before == after:
        return
    short = (before and word(before), after and word(after))
    old, new = short if short[0] != short[1] else (_whole(before), _whole(after))
    yield Difference(aspect, old or None, new or None)


def _whole(one: object) -> str:
    parts = asdict(one) if one is not None else {}  # type: ignore[call-overload] # words are dataclasses
    return ", ".join(str(value) for value in parts.values() if value not in {None, ""})


def _license(one: License) -> str:
    return one.spdx or one.text


def _contact(one: Contact) -> str:
    return one.name or one.email or ""


def _extent(one: Extent) -> str:
    return f"{one.west:g}, {one.south:g}, {one.east:g}, {one.north:g}"


def _period(one: Period) -> str:
    return f"{one.start.date() if one.start else '…'} – {one.end.date() if one.end else '…'}"


def _moments(before: Dataset, after: Dataset) -> Iterator[Difference]:
    pairs = (
        (A.DATA_UPDATED, before.data_updated, after.data_updated),
        (A.MODIFIED, before.modified, after.modified),
        (A.ISSUED, before.issued, after.issued),
    )
    for aspect, old, new in pairs:
        if old != new:
            word = _text if old and new and old.at == new.at else _at
            yield Difference(aspect, word(old), word(new))


def _at(one: Moment | None) -> datetime | str | None:
    return (one.at or one.text) if one else None


def _text(one: Moment | None) -> str | None:
    return one.text if one else None


def _rows(before: int | None, after: int | None) -> Iterator[Difference]:
    if before == after:
        return
    if before is None or after is None:
        yield Difference(A.ROWS_KNOWN, before, after)
    elif after > before:
        yield Difference(A.ROWS_GREW, before, after)
    else:
        halved = before >= FEW_ROWS and after * 2 <= before
        yield Difference(A.ROWS_HALVED if halved else A.ROWS_FELL, before, after)


def _words(aspects: tuple[Aspect, Aspect], before: Iterable[str], after: Iterable[str]) -> Iterator[Difference]:
    old, new = dict.fromkeys(before), dict.fromkeys(after)
    gone, added = tuple(one for one in old if one not in new), tuple(one for one in new if one not in old)
    if gone:
        yield Difference(aspects[0], before=gone)
    if added:
        yield Difference(aspects[1], after=added)


def _columns(before: Sequence[Column] | None, after: Sequence[Column] | None) -> Iterator[Difference]:
    if before is None or after is None:
        if before is not None:
            yield Difference(A.COLUMNS_UNKNOWN, before=len(before))
        elif after is not None:
            yield Difference(A.COLUMNS_KNOWN, after=len(after))
        return
    same, renamed, gone, added = columns.matched(before, after)
    for old, new in renamed:
        yield Difference(A.COLUMN_RENAMED, *_names(old, new), columns.label(new))
    for old, new in same:
        if (old.name, old.field) != (new.name, new.field):
            yield Difference(A.COLUMN_RELABELED, *_names(old, new), columns.label(new))
    for old, new in (*same, *renamed):
        yield from _column(old, new)
    for one in gone:
        yield Difference(A.COLUMN_REMOVED, before=_type(one), name=columns.label(one))
    for one in added:
        yield Difference(A.COLUMN_ADDED, after=_type(one), name=columns.label(one))


def _names(old: Column, new: Column) -> tuple[str, str]:
    """The names by which two differ: the fields, the published names, or both."""
    if old.field == new.field:
        return old.name, new.name
    if old.name == new.name and old.field and new.field:
        return old.field, new.field
    return _spelled(old), _spelled(new)


def _spelled(one: Column) -> str:
    return columns.label(one) if one.name in {"", columns.label(one)} else f"{one.field} “{one.name}”"


def _column(old: Column, new: Column) -> Iterator[Difference]:
    name = columns.label(new)
    if old.type != new.type:
        yield Difference(A.COLUMN_RETYPED, _type(old), _type(new), name)
    elif old.published_type != new.published_type:
        yield Difference(A.COLUMN_TYPE_NAMED, old.published_type or None, new.published_type or None, name)
    if old.description != new.description:
        yield Difference(A.COLUMN_DESCRIBED, old.description or None, new.description or None, name)


def _type(one: Column) -> str:
    """Our word for its type; the portal's own where we have none."""
    return one.published_type or one.type.value if one.type is ColumnType.UNKNOWN else one.type.value


def _files(before: Sequence[Distribution], after: Sequence[Distribution]) -> Iterator[Difference]:
    gone, added = columns.without(dict.fromkeys(before), after), columns.without(dict.fromkeys(after), before)
    changed = columns.one_to_one(gone, added, lambda one: one.url)
    for was, now in changed:
        yield Difference(A.FILE_CHANGED, *_words_of(was, now), now.url)
    gone = columns.without(gone, [was for was, _ in changed])
    added = columns.without(added, [now for _, now in changed])
    moved = columns.one_to_one(gone, added, lambda one: (one.title, one.format) if one.title else None)
    for was, now in moved:
        yield Difference(A.FILE_MOVED, was.url or None, now.url or None, _said(now))
    for one in columns.without(gone, [was for was, _ in moved]):
        yield Difference(A.FILE_REMOVED, before=one.url or None, name=_said(one))
    for one in columns.without(added, [now for _, now in moved]):
        yield Difference(A.FILE_ADDED, after=one.url or None, name=_said(one))


def _words_of(was: Distribution, now: Distribution) -> tuple[str, str]:
    """In short, and with the media type where the short forms are the same."""
    if _said(was) != _said(now):
        return _said(was), _said(now)
    return f"{_said(was)} ({was.media_type})", f"{_said(now)} ({now.media_type})"


def _said(one: Distribution) -> str:
    return ", ".join(part for part in dict.fromkeys((one.title, one.format)) if part)


def reused(before: Dataset, after: Dataset) -> bool:
    """Whether one id names something else than before: nothing in title, description and columns is left.

    A new title alone, or new columns alone, is a change of the same dataset.
    """
    if _alike(before.title, after.title, _ANY) or _alike(before.description, after.description, _LITTLE):
        return False
    if before.columns and after.columns:
        old, new = _fields(before.columns), _fields(after.columns)
        return len(old & new) <= _LITTLE * min(len(old), len(new))
    publisher = before.publisher != after.publisher
    themes = not set(before.themes) & set(after.themes)
    keywords = not set(before.keywords) & set(after.keywords)
    described = bool(before.description and after.description)
    return described and ((publisher and themes) or (publisher and keywords) or (themes and keywords))


def _fields(some: Iterable[Column]) -> set[str]:
    """What the city's own columns are called."""
    names = {columns.label(one).lower() for one in some}
    return {one for one in names if not one.startswith(columns.COMPUTED)}


def _alike(one: str, other: str, share: float) -> bool:
    """Whether two texts share more than that share of the words of the shorter one; a text without words is itself."""
    if one and one == other:
        return True
    first, second = (columns.words(text) - _EMPTY_WORDS for text in (one, other))
    return len(first & second) > share * min(len(first), len(second))
