"""The sample: what the seven cities' portals might publish today, made from a few files and nothing else.

Titles, offices, categories and column names are real, and so are the ids of the few data sets that have sample rows
(`rows.py`), because crosswalks name them; other ids, dates and figures are made up, the same ones on every machine.
Every description says so. A few records are odd on purpose (a daily dataset two years old,
a date nobody can read, a keyword twice, no description), because real catalogs are.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files

from commonground import cities
from commonground.demo import dialects
from commonground.demo.entries import Catalog, Entry, catalogs, subjects
from commonground.protocols.fields.frequencies import frequency
from commonground.protocols.fields.licenses import license_of
from commonground.words import Column, ColumnType, Dataset, Extent, Kind, Moment, Portal

LABEL = "Sample record for demonstration."
"""Ends every description; a record without one has it as a keyword."""

_SHOWN_COLUMNS = 4


def portals(today: date) -> dict[str, list[Dataset]]:
    """The sample by host: each city's main portal and a second one in Los Angeles."""
    known = cities.portals(cities.cities())
    return {known[slug].host: _datasets(catalog, known[slug], today) for slug, catalog in catalogs().items()}


def names() -> set[str]:
    """The slugs of the portals that the sample has, told by the names of its files alone."""
    found = files("commonground.demo").joinpath("catalogs").iterdir()
    return {one.name.removesuffix(".toml") for one in found if one.name.endswith(".toml")}


def datasets(city: str, today: date) -> list[Dataset]:
    """The sample of one city, of all its portals. Raises `NotFound` for another city's slug."""
    hosts = [portal.host for portal in cities.city(city, cities.cities()).portals]
    found = portals(today)
    return [dataset for host in hosts for dataset in found.get(host, ())]


def _datasets(catalog: Catalog, portal: Portal, today: date) -> list[Dataset]:
    by_title = {entry.title: entry for entry in catalog.datasets}
    return [_dataset(entry, by_title.get(entry.parent), catalog, portal, today) for entry in catalog.datasets]


def _dataset(entry: Entry, parent: Entry | None, catalog: Catalog, portal: Portal, today: date) -> Dataset:
    key = _native_id(entry, portal)
    columns = _columns(entry, parent, catalog, portal)
    sentences = _sentences(entry, columns)
    terms = catalog.license if entry.license is None else entry.license
    theme = entry.category or catalog.category
    dataset = Dataset(
        city=catalog.city,
        portal=portal.slug,
        host=portal.host,
        native_id=key,
        title=entry.title,
        kind=entry.kind,
        description_html=dialects.markup(sentences, portal),
        description=" ".join(sentences),
        publisher=entry.publisher or catalog.publisher,
        contact=portal.contact,
        license=license_of(terms, terms if "://" in terms else ""),
        themes=(theme,) if theme else (),
        keywords=_keywords(entry),
        frequency=frequency(entry.frequency),
        spatial=_extent(portal) if portal.protocol != "socrata" and entry.kind in dialects.TABULAR else None,
        columns=columns,
        landing_page=dialects.landing_page(portal, entry.title, key),
        row_count=entry.rows if columns is not None else None,
        parents=(_native_id(parent, portal),) if parent else (),
    )
    dated = _dated(dataset, entry, portal, today)
    return replace(dated, distributions=dialects.distributions(dated, portal, entry.url))


def _native_id(entry: Entry, portal: Portal) -> str:
    return entry.id or dialects.native_id(portal, entry.title, entry.kind)


def _columns(entry: Entry, parent: Entry | None, catalog: Catalog, portal: Portal) -> tuple[Column, ...] | None:
    """A view has its parent's columns; those of a layer on somebody else's server are not known."""
    if entry.kind not in dialects.TABULAR or entry.url:
        return None
    own = entry.columns or catalog.column_sets.get(entry.column_set, ())
    texts = own or (parent.columns if parent else ()) or subjects()[entry.subject].columns
    pairs = [text.rsplit(":", 1) for text in texts]
    return tuple(Column(name, dialects.field(name, portal), ColumnType(kind)) for name, kind in pairs)


def _sentences(entry: Entry, columns: tuple[Column, ...] | None) -> list[str]:
    if not entry.described:
        return []
    sentences = [subjects()[entry.subject].about]
    match entry.kind:
        case Kind.VIEW | Kind.MAP_LAYER | Kind.CHART if entry.parent:
            word = {Kind.VIEW: "selection", Kind.MAP_LAYER: "map", Kind.CHART: "chart"}[entry.kind]
            sentences.append(f"A {word} made from “{entry.parent}”.")
        case Kind.LINK:
            sentences.append("The data are kept on another site.")
    if columns:
        names = ", ".join(column.name for column in columns[:_SHOWN_COLUMNS])
        sentences.append(f"{len(columns)} columns, among them {names}.")
    return [*sentences, LABEL]


def _keywords(entry: Entry) -> tuple[str, ...]:
    words = entry.keywords or subjects()[entry.subject].keywords
    return words if entry.described else (*words, LABEL.rstrip("."))


def _extent(portal: Portal) -> Extent:
    box = cities.cities()[portal.city].extent
    return replace(box, text=f"{box.west},{box.south},{box.east},{box.north}")


def _dated(dataset: Dataset, entry: Entry, portal: Portal, today: date) -> Dataset:
    """With its dates. A portal that tells only one date of change tells it as `modified`."""
    seed = dialects.digest(portal, entry.title)
    midnight = datetime.combine(today, time(), tzinfo=UTC)
    updated = midnight - timedelta(days=entry.updated, hours=seed[0] % 10, minutes=seed[1] % 60, seconds=seed[2] % 60)
    issued = updated - timedelta(days=400 + seed[3] * 8)
    if entry.issued:
        issued = updated.replace(year=entry.issued.year, month=entry.issued.month, day=entry.issued.day)
    described = updated - timedelta(days=seed[4] % 60)
    changed = described if portal.protocol == "socrata" else updated
    return replace(
        dataset,
        issued=_moment(min(issued, described)),
        modified=Moment(None, entry.modified) if entry.modified else _moment(changed),
        data_updated=_moment(updated) if portal.protocol != "arcgis-hub" and entry.kind in dialects.TABULAR else None,
    )


def _moment(at: datetime) -> Moment:
    return Moment(at, at.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
