"""A record of an Opendatasoft catalog becomes a Dataset. Pure: no network.

Facts stand in `metas`, by template: `default` is every portal's, `dcat` and `inspire` are filled by some,
`custom` is the portal's own. `dataset_uid` names a dataset for ever; `dataset_id` is the name in its addresses,
which its publisher may change.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from commonground.protocols.base import Notes
from commonground.protocols.fields import contacts, formats, frequencies, licenses, prose, values
from commonground.protocols.fields.extents import extent, period
from commonground.protocols.fields.moments import moment
from commonground.protocols.opendatasoft import words
from commonground.words import Column, Contact, Dataset, Distribution, Extent, Kind, Moment, Period, Portal, Raw


def native_id(raw: Raw) -> str:
    """The `dataset_uid`, else the `dataset_id`; "" when there is neither."""
    told = (raw.get("dataset_uid"), raw.get("dataset_id"))
    return next((one for one in told if isinstance(one, str) and one.strip()), "")


def normalize(raw: Raw, portal: Portal, notes: Notes) -> Dataset:
    """The record in our form. Whatever cannot be used is left out and noted."""
    facts = Facts(raw, notes)
    name = values.text(raw.get("dataset_id"), notes, "dataset_id")
    html, plain = _description(facts)
    _note_origin(facts, name, portal)
    return Dataset(
        city=portal.city,
        portal=portal.slug,
        host=portal.host,
        native_id=native_id(raw),
        title=values.title(facts.words("default.title"), notes, "metas.default.title", name, native_id(raw)),
        kind=_kind(facts),
        description_html=html,
        description=plain,
        publisher=_publisher(facts),
        contact=_contact(facts) or portal.contact,
        license=licenses.license_of(facts.words("default.license"), facts.words("default.license_url")),
        themes=_several(facts, "default.theme"),
        keywords=_several(facts, "default.keyword"),
        issued=_moment(facts, *words.ISSUED),
        modified=_moment(facts, "default.modified"),
        data_updated=_moment(facts, "default.data_processed") if facts.has_rows else None,
        frequency=frequencies.frequency(facts.words(*words.FREQUENCY)),
        spatial=_spatial(facts),
        temporal=_temporal(facts),
        columns=columns(facts),
        distributions=distributions(facts, _address(portal, f"{words.API}/datasets", name or native_id(raw))),
        landing_page=values.link(
            f"{_address(portal, '/explore/dataset', name or native_id(raw))}/", notes, "dataset_id"
        ),
        row_count=_rows(facts),
    )


class Facts:
    """A record's facts by `template.name`, and whether it has rows."""

    def __init__(self, raw: Raw, notes: Notes) -> None:
        self.raw = raw
        self.notes = notes
        self.fields = values.records(raw.get("fields"), notes, "fields")
        self.features = values.texts(raw.get("features"), notes, "features")
        told = raw.get("has_records")
        self.has_rows = told if isinstance(told, bool) else bool(self.fields)

    def first(self, *names: str) -> tuple[object, str]:
        """The first fact that says something, and its place; `(None, …)` when none does."""
        for name in names:
            value = values.at(self.raw, f"metas.{name}")
            if value is not None and value not in ([], {}) and not (isinstance(value, str) and not value.strip()):
                return value, f"metas.{name}"
        return None, f"metas.{names[0]}"

    def words(self, *names: str) -> str:
        """The first of those facts as one clean text."""
        value, place = self.first(*names)
        if isinstance(value, list):
            return ", ".join(values.texts(value, self.notes, place))
        return values.text(value, self.notes, place)

    @property
    def types(self) -> set[str]:
        """The types of all columns, as published."""
        return {str(one.get("type")) for _, one in self.fields}


def _address(portal: Portal, path: str, name: str) -> str:
    return f"{portal.url.rstrip('/')}{path}/{quote(name, safe='@', errors='replace')}"


def _description(facts: Facts) -> tuple[str, str]:
    value, place = facts.first("default.description")
    return prose.description(value, facts.notes, place, dialect="html")


def _note_origin(facts: Facts, name: str, portal: Portal) -> None:
    """Whether the id can change, and whether another portal keeps the record."""
    if native_id(facts.raw) == facts.raw.get("dataset_id"):
        facts.notes.add("id-may-change", "dataset_id", name)
    origin = facts.words("default.source_domain_address", "default.source_domain")
    if facts.first("default.federated")[0] is True or (origin and origin != portal.host):
        place = facts.first("default.source_domain_address", "default.source_domain", "default.federated")[1]
        facts.notes.add("federated", place, origin or name)


def _kind(facts: Facts) -> Kind:
    if facts.has_rows:
        return Kind.MAP_LAYER if facts.types & words.SHAPES else Kind.TABLE
    if any(facts.raw.get(key) for key in words.FILES):
        return Kind.FILE
    if "apiproxy" in facts.features:
        return Kind.SERVICE
    return Kind.LINK if _reference(facts) else Kind.OTHER


def _publisher(facts: Facts) -> str:
    for name in words.PUBLISHERS:
        if office := contacts.publisher(facts.words(name), facts.notes, f"metas.{name}"):
            return office
    return ""


def _contact(facts: Facts) -> Contact | None:
    pairs = ((facts.words(name), facts.words(email)) for name, email in words.OFFICES)
    return next((found for pair in pairs if (found := contacts.contact(*pair))), None)


def _several(facts: Facts, name: str) -> tuple[str, ...]:
    """Texts of a list. A text alone is one of them: themes have commas inside."""
    value, place = facts.first(name)
    return values.texts([value] if isinstance(value, str) else value, facts.notes, place)


def _moment(facts: Facts, *names: str) -> Moment | None:
    value, place = facts.first(*names)
    return moment(value, facts.notes, place)


def _spatial(facts: Facts) -> Extent | None:
    """The box of the rows, as Opendatasoft computes it (GeoJSON), else the one of INSPIRE, else the area as told."""
    corners = [facts.words(name) for name in words.BOX]
    told = ",".join(corners) if all(corners) else None
    area, area_place = facts.first("dcat.spatial")
    box, box_place = facts.first("default.bbox")
    for value, place in ((box, box_place), (told, "metas.inspire"), (area, area_place)):
        if value is not None and (found := extent(value, facts.notes, place)):
            return found
    return None


def _temporal(facts: Facts) -> Period | None:
    value, place = facts.first("dcat.temporal")
    if value is not None:
        return period(value, facts.notes, place)
    for names in words.TEMPORAL_ENDS:
        ends = [facts.words(name) for name in names]
        if any(ends):
            return period("/".join(end or ".." for end in ends), facts.notes, f"metas.{names[0]}")
    return None


def columns(facts: Facts) -> tuple[Column, ...] | None:
    """The columns; None where there must be some that are not shown, because the rows are not public."""
    listed = isinstance(facts.raw.get("fields"), list)
    if not facts.fields and facts.has_rows and (not listed or facts.raw.get("data_visible") is False):
        return None
    found = tuple(_column(one, place, facts.notes) for place, one in facts.fields)
    return tuple(column for column in found if column.field) if listed or found else None


def _column(field: Raw, place: str, notes: Notes) -> Column:
    given = field.get("name")
    name = values.text(given, notes, f"{place}.name")
    published = values.text(field.get("type"), notes, f"{place}.type")
    return Column(
        name=values.text(field.get("label"), notes, f"{place}.label") or name,
        field=name,
        type=words.column_type(published),
        published_type=published,
        description=values.text(field.get("description"), notes, f"{place}.description"),
    )


def _rows(facts: Facts) -> int | None:
    value, place = facts.first("default.records_count")
    return values.whole_number(value, facts.notes, place) if facts.has_rows else None


def distributions(facts: Facts, address: str) -> tuple[Distribution, ...]:
    """The exports of a table that is public, the files, and where there are neither, the page that is referred to."""
    found: dict[str, Distribution] = {}
    for way in (*_exports(facts, address), *_files(facts, address)):
        found.setdefault(way.url, way)
    reference = _reference(facts)
    if reference and not found:
        found[reference] = Distribution(reference, formats.format_of("", "", reference), "References")
    return tuple(found.values())


def _exports(facts: Facts, address: str) -> Iterator[Distribution]:
    if not facts.has_rows or facts.raw.get("data_visible") is False:
        return
    on_map = "geo" in facts.features or facts.types & words.PLACES
    for name, word, title, media in (*words.EXPORTS, *(words.MAP_EXPORTS if on_map else ())):
        yield Distribution(f"{address}/exports/{name}", word, title, media)


def _files(facts: Facts, address: str) -> Iterator[Distribution]:
    """Attachments and files offered instead of an export. `odsfile://` is an address inside the portal."""
    notes = facts.notes
    for key in words.FILES:
        for place, one in values.records(facts.raw.get(key), notes, key):
            given, name = one.get("url"), values.text(one.get("id"), notes, f"{place}.id")
            inside = not isinstance(given, str) or given.startswith("odsfile:") or not given.strip()
            at = f"{address}/{key}/{quote(name, safe='', errors='replace')}" if inside and name else given
            url = values.link(at, notes, f"{place}.url")
            if not url:
                if not at:
                    notes.add("bad-link", f"{place}.url", "")
                continue
            media = values.text(one.get("mimetype"), notes, f"{place}.mimetype")
            word = formats.format_of("", media, given if isinstance(given, str) else url)
            yield Distribution(url, word, values.text(one.get("title"), notes, f"{place}.title"), media)


def _reference(facts: Facts) -> str:
    """The address in `references`, which is free text, if it is one address and nothing else."""
    value, place = facts.first("default.references")
    alone = isinstance(value, str) and len(value.split()) == 1 and "://" in value
    return values.link(value, facts.notes, place) if alone else ""
