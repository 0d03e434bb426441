"""Following a dataset of a live portal from build to build: what is as it was is not read again, and of what changed
only the rows that did, where the portal can tell them.

Changed rows come as a part of their own. A row of an older part is overwritten when one with the same cells in the
columns of the standard's key came later. Portals do not tell which rows they deleted: that is seen by their number, and
then everything is read anew, as it is now and then in any case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

from django.utils import timezone

from commonground.engine.session import literal, private
from commonground.errors import Disagrees
from commonground.standards.crosswalk import Crosswalk, N, Vintage
from commonground.standards.model import CITY, Standard
from commonground.tables import store
from commonground.tables.build.cleaning import ROW, quoted
from commonground.tables.gather import Dataset, Held, kept, written
from commonground.tables.gather import Vintage as State
from commonground.tables.manifest import home
from commonground.tables.models import Part, Reading

MOST_PARTS: Final = 20
"""Parts of changed rows, after which everything is read anew."""
WHOLE_AFTER: Final = timedelta(days=14)
"""Then too: what a portal forgets to say of its rows is not missed for longer."""
SHARE: Final = 2
"""Where more than one row in so many changed, the whole is as quick."""
WHOLE, CHANGES, UNCHANGED = "whole", "changes", "unchanged"
_UNSURE: Final = frozenset({"rows-short", "rows-surplus", "rows-repeated"})
"""Findings of readings that nothing is to be built upon."""


@dataclass(frozen=True)
class Wanted:
    """Rows of a source for a crosswalk; `whole` reads them anew whatever the portal says."""

    source: str
    dataset: Dataset
    standard: Standard
    crosswalk: Crosswalk
    whole: bool = False


@dataclass(frozen=True)
class _File:
    """Rows of a part, be it kept already or not."""

    path: Path
    names: tuple[str, ...]
    rows: int

    @cached_property
    def columns(self) -> frozenset[str]:
        return frozenset(self.names)


def follow(wanted: Wanted) -> tuple[str, list[Held]]:
    """The parts of a source as its portal has it now, and how they were had. Raises a `PortalError`."""
    state = wanted.dataset.state()
    reading = None if wanted.whole else Reading.objects.filter(source=wanted.source).first()
    if reading is not None and timezone.now() - reading.whole < WHOLE_AFTER:
        parts = _chain(reading)
        if parts and state and state == reading.state and (held := _fitting(wanted, parts, reading.rows)):
            _looked(reading)
            return UNCHANGED, held
        if parts and reading.cursor and wanted.dataset.incremental and len(parts) <= MOST_PARTS:
            found = _changes(wanted, reading, parts, state)
            if found:
                return CHANGES, found
    return WHOLE, [Held(_whole(wanted, state))]


def _chain(reading: Reading) -> list[Part]:
    """The parts of a reading in order; none where one of them is gone."""
    found = Part.objects.in_bulk(reading.parts)
    parts = [found[pk] for pk in reading.parts if pk in found and (home() / found[pk].path).is_file()]
    return parts if len(parts) == len(reading.parts) else []


def _looked(reading: Reading) -> None:
    reading.checked, reading.revision = timezone.now(), store.revision(reading.source)
    reading.save(update_fields=["checked", "revision"])


def _whole(wanted: Wanted, state: str) -> Part:
    rows = wanted.dataset.read(state)
    if rows is None:
        raise Disagrees(f"{wanted.source} gave no rows.")
    part = kept(wanted.source, rows)
    sure = not _unsure(rows)
    now = timezone.now()
    _keep(wanted.source, [part], part.rows, state if sure else "", rows.cursor if sure else "", now)
    return part


def _unsure(rows: State) -> bool:
    return any(one["code"] in _UNSURE for one in rows.notes)


def _keep(source: str, parts: Sequence[Part], rows: int, state: str, cursor: str, whole: datetime) -> None:  # noqa: PLR0913, PLR0917 - a row
    told = {"parts": [one.pk for one in parts], "rows": rows, "state": state, "cursor": cursor, "whole": whole}
    more = {"checked": timezone.now(), "revision": store.revision(source)}
    Reading.objects.update_or_create(source=source, defaults={**told, **more})


def _changes(wanted: Wanted, reading: Reading, parts: list[Part], state: str) -> list[Held] | None:
    """The parts with one more of what changed since; None where these cannot be the portal's rows."""
    rows = wanted.dataset.read(state, reading.cursor, reading.rows // SHARE)
    if rows is None:
        return None
    if _unsure(rows):
        rows.forget()
        return None
    there = written(wanted.source, rows)
    # Where no rows came, their columns did, and tell whether one was renamed.
    files = [*map(_file, parts), _File(there.path, there.names, there.rows)]
    gone = _overwritten(wanted, files)
    left = sum(one.rows for one in files) - sum(map(len, gone or ()))
    if gone is None or left != wanted.dataset.count():
        rows.forget()
        store.unkept(wanted.source, there)
        return None
    if there.rows:
        part = kept(wanted.source, rows, there)
        held = [Held(*one) for one in zip([*parts, part], gone, strict=True) if one[0].pk != part.pk]
        held.append(Held(part, gone[-1]))
    else:
        rows.forget()
        store.unkept(wanted.source, there)
        held = [Held(*one) for one in zip(parts, gone[:-1], strict=True)]
    chain = [one.part for one in held]
    _keep(wanted.source, chain, left, state, rows.cursor or reading.cursor, reading.whole)
    return held


def _fitting(wanted: Wanted, parts: list[Part], rows: int) -> list[Held] | None:
    """The parts, if what their later ones overwrite is what was counted when they were read: the key of another
    standard may tell rows apart in another way.
    """
    gone = _overwritten(wanted, [_file(one) for one in parts])
    if gone is None or sum(one.rows for one in parts) - sum(map(len, gone)) != rows:
        return None
    return [Held(*one) for one in zip(parts, gone, strict=True)]


def _file(part: Part) -> _File:
    return _File(home() / part.path, tuple(part.names), part.rows)


def _overwritten(wanted: Wanted, files: Sequence[_File]) -> list[tuple[int, ...]] | None:
    """Of each part the numbers of rows that came again later. None where that cannot be told: no columns make the key,
    or a later part lacks a column that the crosswalk reads of the first.
    """
    if len(files) == 1:
        return [()]
    first = wanted.crosswalk.vintage(set(files[0].names))
    if first is None:
        return None
    needed = first.columns() & files[0].columns
    for one in files[1:]:
        vintage = wanted.crosswalk.vintage(set(one.names))
        if vintage is None or vintage.name != first.name or not needed <= one.columns:
            return None
    keys = sorted(set(_key(wanted.standard, first)) & files[0].columns)
    if not keys:
        return None
    with private() as session:
        return [
            tuple(row for (row,) in session.execute(_again(one, files[place:], keys)).fetchall())
            if files[place:]
            else ()
            for place, one in enumerate(files, 1)
        ]


def _key(standard: Standard, vintage: Vintage) -> Iterator[str]:
    """The columns from which the standard's key is made; those of a repeated group tell no rows apart."""
    for name in standard.key:
        if name != CITY and name in vintage.fields:
            yield from (one for one in vintage.fields[name].columns() if N not in one)


def _again(one: _File, later: Sequence[_File], keys: Sequence[str]) -> str:
    """The question for the rows of a part that have the key of a row of later parts."""
    listed = ", ".join(map(quoted, keys))
    same = " AND ".join(f"p.{quoted(name)} IS NOT DISTINCT FROM l.{quoted(name)}" for name in keys)
    union = " UNION ALL ".join(f"SELECT {listed} FROM read_parquet({literal(str(two.path))})" for two in later)
    return f"SELECT p.{ROW} FROM read_parquet({literal(str(one.path))}) p SEMI JOIN ({union}) l ON {same} ORDER BY 1"
