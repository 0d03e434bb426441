"""A first draft for a dataset that we know: its columns, its rows where they were read, what persons said of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from commonground.catalog import browse
from commonground.errors import NotFound
from commonground.overlap import beside, tasks
from commonground.overlap.columns.recall import Memory
from commonground.standards import files
from commonground.standards.model import Standard
from commonground.tables.build.result import Raw
from commonground.tables.drafting import evidence, store
from commonground.tables.drafting.reading import Fault, read
from commonground.tables.drafting.suggesting import Material, Suggestion, suggest
from commonground.tables.drafting.trial import Trial, attempt
from commonground.tables.drafting.writing import quote, written
from commonground.words import City, Column, ColumnType

_MOST: int = 20_000


@dataclass(frozen=True)
class Begun:
    """A draft: its text, what is open before it loads, and what came of trying it where rows were read."""

    suggestion: Suggestion
    text: str
    open: tuple[Fault, ...]
    tried: Mapping[str, Any] | None

    def form(self) -> dict[str, Any]:
        """As JSON."""
        one = self.suggestion
        told = {name: self.tried[name] for name in ("read", "mapped", "withheld", "fields")} if self.tried else None
        return {
            "standard": one.material.standard.name,
            "version": one.material.standard.version,
            "city": one.material.city,
            "dataset": one.material.dataset,
            "lines": [
                {
                    "field": line.field,
                    "column": line.column,
                    "expression": line.expression,
                    "score": round(line.score, 4),
                    "band": line.band,
                    "why": line.why,
                    "used": line.used,
                }
                for line in one.lines
            ],
            "codes": {
                name: [{"value": each.value, "code": each.code, "rows": each.count, "why": each.why} for each in some]
                for name, some in one.codes.items()
            },
            "missing": list(one.missing),
            "left": list(one.left),
            "personal": list(one.personal),
            "open": [{"line": fault.line, "message": fault.message} for fault in self.open],
            "tried": told,
            "text": self.text,
        }


def begin(dataset: str, standard: Standard, today: date) -> Begun:
    """Draft a crosswalk from a dataset (`PORTAL/NATIVE-ID`) to a standard.

    Raises `NotFound` where no city has the portal, or neither the catalog nor any rows tell its columns.
    """
    city = city_of(dataset)
    parts = store.shelf(city).get(dataset, [])
    with TemporaryDirectory(prefix="commonground-draft-") as folder:
        newest = parts[-1] if parts else None
        found = suggest(_material(dataset, standard, city, newest, Path(folder)), quote)
        text = written(found)
        members = {city.slug: city}
        told = read(text, members)
        tried = None
        if newest and told.crosswalk:
            aside = Path(folder) / "trial"
            aside.mkdir()
            shelf = {dataset: [newest]}
            tried = attempt(Trial(told.crosswalk, standard, city, shelf, aside, today, shown=0, most=_MOST))
            text = written(found, tried)
            told = read(text, members)
    return Begun(found, text, told.faults, tried)


def city_of(dataset: str) -> City:
    """The city of a dataset's portal. Raises `NotFound`."""
    slug, _, native_id = dataset.partition("/")
    for one in browse.known_cities().values():
        if native_id and any(portal.slug == slug for portal in one.portals):
            return one
    known = ", ".join(sorted(browse.known_portals()))
    raise NotFound(f"{dataset}: no city has a portal “{slug}”.", advice=f"Write PORTAL/NATIVE-ID. Portals: {known}.")


def _material(dataset: str, standard: Standard, city: City, newest: Raw | None, folder: Path) -> Material:
    others = [
        one
        for one in files.crosswalks(standard.name)
        if one.city != city.slug and all(source.dataset != dataset for source in one.sources)
    ]
    return Material(
        standard,
        city.slug,
        dataset,
        _columns(dataset, newest),
        _memory(standard),
        others,
        evidence.look(newest, folder) if newest else {},
        tasks.model(),
    )


def _memory(standard: Standard) -> Memory:
    """What persons confirmed, of columns and of fields of this standard; its subject goes by either name."""
    found: dict[str, set[str]] = {}
    for name in ("", standard.name, standard.subject):
        for key, names in beside.memory(name).items():
            found.setdefault(key, set()).update(names)
    return found


def _columns(dataset: str, newest: Raw | None) -> Sequence[Column]:
    """The columns as rows name them, with what the catalog says of each; without rows, as the catalog names them."""
    try:
        told = beside.columns_of(browse.dataset(dataset))
    except NotFound:
        told = ()
    if newest is None:
        if not told:
            raise NotFound(
                f"The columns of {dataset} are not known.",
                advice="Harvest its portal, or read its rows with commonground build.",
            )
        return told
    known = {evidence.plain(name): one for one in told for name in (one.field, one.name)}
    found = []
    for name in newest.names:
        one = known.get(evidence.plain(name))
        found.append(
            Column(name, name, one.type, one.published_type, one.description)
            if one
            else Column(name, name, ColumnType.UNKNOWN, "")
        )
    return found
