"""Rows from where they are to raw parts: a dataset of a portal, or a plain file; each vintage a part of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from commonground.engine.tabular import open_rows
from commonground.errors import CommonGroundError, NotFound
from commonground.standards.crosswalk import Crosswalk, Source
from commonground.standards.model import Standard
from commonground.tables import raw, store
from commonground.tables.build.result import Joined, Raw
from commonground.tables.manifest import home
from commonground.tables.models import Part
from commonground.tables.raw import Written


def _nothing() -> None:
    pass


@dataclass
class Vintage:
    """Rows of one state of a source. `cursor` asks for what changes later, "" where that cannot be asked; `forget` is
    called when the rows are kept elsewhere.
    """

    label: str
    names: tuple[str, ...]
    batches: Iterator[pa.Table]
    declared: int | None = None
    notes: list[Mapping[str, Any]] = field(default_factory=list)
    cursor: str = ""
    forget: Callable[[], None] = _nothing


class Dataset(Protocol):
    """A dataset of a portal as it is now, which can be followed from one build to the next."""

    @property
    def incremental(self) -> bool:
        """Whether it can be asked for what changed since a cursor."""

    def state(self) -> str:
        """What stays the same as long as its rows do; "" where that is not told."""

    def count(self) -> int | None:
        """How many rows there are; None where that is not told."""

    def read(self, state: str, after: str = "", most: int | None = None) -> Vintage | None:
        """All rows, or what changed since `after`; None where that is more than `most` rows."""


class Portals(Protocol):
    """Where rows of datasets are read: the cities' own portals, or recordings of them."""

    @property
    def whole(self) -> bool:
        """Whether everything is to be read anew."""

    def dataset(self, key: str) -> Dataset | None:
        """A dataset (`PORTAL/NATIVE-ID`) that can be followed; None where only its vintages can be read."""

    def vintages(self, key: str) -> Iterator[Vintage]:
        """The states of a dataset, the oldest first. Raises a `PortalError` or `NotFound`."""


@dataclass(frozen=True)
class Held:
    """A part with the rows (`_row`) of it that a later part overwrites."""

    part: Part
    overwritten: tuple[int, ...] = ()


@dataclass(frozen=True)
class Gathered:
    """The parts of a crosswalk's sources, in the order in which later ones win; what could not be read, and why.

    `ways` says of each followed source how it was had: `whole`, `changes`, or `unchanged` where it was not read again.
    """

    parts: tuple[Part, ...]
    raws: tuple[Raw, ...]
    failed: Mapping[str, str]
    ways: Mapping[str, str]


def gather(standard: Standard, crosswalk: Crosswalk, portals: Portals, folder: Path | None) -> Gathered:
    """Read every source of a crosswalk. `folder` holds plain files; without it they are not read."""
    parts: list[Part] = []
    raws: list[Raw] = []
    failed: dict[str, str] = {}
    ways: dict[str, str] = {}
    for source in crosswalk.sources:
        try:
            found = _held(standard, crosswalk, source, portals, ways) if source.dataset else _files(source, folder)
            joins = tuple(_joined(source, folder))
        except CommonGroundError as error:
            failed[source.name] = error.message
            continue
        for one in found:
            parts.append(one.part)
            raws.append(_raw(one, len(parts), joins))
    return Gathered(tuple(parts), tuple(raws), failed, ways)


def _raw(held: Held, order: int, joins: tuple[Joined, ...]) -> Raw:
    part = held.part
    path = home() / part.path
    names = tuple(part.names)
    return Raw(part.pk, part.source, path, names, part.rows, order, part.label, joins, held.overwritten)


def _held(
    standard: Standard, crosswalk: Crosswalk, source: Source, portals: Portals, ways: dict[str, str]
) -> list[Held]:
    from commonground.tables import following

    dataset = portals.dataset(source.dataset)
    if dataset is None:
        return [Held(kept(source.name, one)) for one in portals.vintages(source.dataset)]
    wanted = following.Wanted(source.name, dataset, standard, crosswalk, portals.whole)
    ways[source.name], found = following.follow(wanted)
    return found


def _files(source: Source, folder: Path | None) -> list[Held]:
    return [Held(kept(source.name, _file(source.file, folder)))]


def written(name: str, one: Vintage) -> Written:
    """The rows of a vintage as a file of parts; whether they become a part is another matter."""
    return raw.write(store.parts_folder(name), one.names, one.batches)


def kept(name: str, one: Vintage, there: Written | None = None) -> Part:
    """The part of a vintage's rows, with what is odd about them; of those that are `there` already, where they are."""
    found = there or written(name, one)
    notes = list(one.notes)
    if found.ragged:
        notes.append({"code": "ragged-rows", "count": found.ragged})
    if one.declared is not None and one.declared != found.rows:
        notes.append({"code": "count-differs", "declared": one.declared, "came": found.rows})
    part = store.keep(name, one.label, found, declared=one.declared, notes=notes)
    one.forget()
    return part


def _file(name: str, folder: Path | None) -> Vintage:
    rows = open_rows(_path(name, folder))
    return Vintage(name, rows.names, rows.batches())


def _path(name: str, folder: Path | None) -> Path:
    if folder is None:
        raise NotFound(f"{name} is a plain file.", advice="Name the folder of recordings that has it with --replay.")
    path = folder / name
    for one in (path, path.with_name(path.name + ".gz")):
        if one.is_file():
            return one
    raise NotFound(f"There is no file {path}.", advice="Put it there, or take it out of the crosswalk.")


def _joined(source: Source, folder: Path | None) -> Iterator[Joined]:
    for one in source.join:
        part = kept(one.file, _file(one.file, folder))
        yield Joined(home() / part.path, one.on, one.columns)
