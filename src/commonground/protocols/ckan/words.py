"""CKAN's own words in ours: column types of the datastore, kinds of packages, and where portals keep facts."""

from __future__ import annotations

from collections.abc import Iterable

from commonground.protocols.fields.privacy import Persons
from commonground.words import ColumnType, Kind

ROW_NUMBER = "_id"
"""The datastore's own row number: a field of every table, a column of none."""

FIELDS = "x_datastore_fields"
TOTAL = "x_datastore_total"
"""What `datastore_search` tells of a resource, kept on the resource; no CKAN sends these keys itself."""

TYPES = {
    "text": ColumnType.TEXT,
    "varchar": ColumnType.TEXT,
    "numeric": ColumnType.NUMBER,
    "float": ColumnType.NUMBER,
    "float4": ColumnType.NUMBER,
    "float8": ColumnType.NUMBER,
    "double precision": ColumnType.NUMBER,
    "int": ColumnType.INTEGER,
    "int2": ColumnType.INTEGER,
    "int4": ColumnType.INTEGER,
    "int8": ColumnType.INTEGER,
    "integer": ColumnType.INTEGER,
    "bigint": ColumnType.INTEGER,
    "money": ColumnType.MONEY,
    "bool": ColumnType.BOOLEAN,
    "boolean": ColumnType.BOOLEAN,
    "date": ColumnType.DATE,
    "timestamp": ColumnType.DATETIME,
    "timestamptz": ColumnType.DATETIME,
    "time": ColumnType.TIME,
    "json": ColumnType.JSON,
    "jsonb": ColumnType.JSON,
    "uuid": ColumnType.ID,
    "point": ColumnType.POINT,
    "polygon": ColumnType.POLYGON,
    "geometry": ColumnType.GEOMETRY,
}
"""PostgreSQL's type names, as the datastore gives them, to ours."""

BACK = {
    ColumnType.NUMBER: "numeric",
    ColumnType.INTEGER: "int",
    ColumnType.MONEY: "money",
    ColumnType.PERCENT: "numeric",
    ColumnType.BOOLEAN: "bool",
    ColumnType.DATE: "date",
    ColumnType.DATETIME: "timestamp",
    ColumnType.TIME: "time",
    ColumnType.JSON: "json",
    ColumnType.ID: "uuid",
    ColumnType.POINT: "point",
    ColumnType.POLYGON: "polygon",
    ColumnType.LINE: "geometry",
    ColumnType.GEOMETRY: "geometry",
}
"""Our types to the nearest one of the datastore; whatever is missing here is `text`."""

KINDS = {
    "tabular": Kind.TABLE,
    "geospatial": Kind.MAP_LAYER,
    "map": Kind.MAP_LAYER,
    "document": Kind.FILE,
    "dashboard": Kind.CHART,
    "external": Kind.LINK,
    **{kind.value: kind for kind in Kind},
}
"""The portal's own word for the kind (`btype` in Boston) to ours."""

TABLES = frozenset({"CSV", "Excel", "Parquet"})
LAYERS = frozenset({"GeoJSON", "KML", "KMZ", "Shapefile", "Esri REST", "WMS", "WFS"})
PAGES = frozenset({"HTML"})
SERVICES = frozenset({"API"})

ISSUED = ("issued", "released", "date_released", "metadata_created")
MODIFIED = ("modified", "date_modified", "metadata_modified")
FREQUENCY = ("accrual_periodicity", "accrualPeriodicity", "frequency", "update_frequency", "frequency-of-update")
TEMPORAL = ("temporal", "temporal_coverage")
PERIOD_ENDS = (("temporal_from", "temporal_to"), ("temporal_start", "temporal_end"))
SPATIAL = ("spatial", "spatial_coverage", "bbox")
BOX = ("bbox-west-long", "bbox-south-lat", "bbox-east-long", "bbox-north-lat")
PUBLISHER = ("publisher", "publisher_name")
OFFICES = (
    ("contact_point", "contact_point_email"),
    ("contact_name", "contact_email"),
    ("maintainer", "maintainer_email"),
    ("author", "author_email"),
)
"""Keys of a package or of its extras, the most telling first."""

PERSONS = Persons(
    contacts=(
        *(key for pair in OFFICES for key in pair),
        "contact-name",
        "contact-email",
        "contact_points",
        "creator",
        "creator_user_id",
        "organization.users",
        "email",
        "phone",
    ),
    publishers=PUBLISHER,
)
"""Where persons may stand, in a package or in its extras."""


def column_type(published: str) -> ColumnType:
    """Our type for a datastore type; `UNKNOWN` for a word we have not met."""
    return TYPES.get(published.strip().lower(), ColumnType.UNKNOWN)


def published_type(kind: ColumnType, published: str) -> str:
    """The datastore's word for a column: its own when it means the same to CKAN, else the nearest."""
    return published if published and column_type(published) is kind else BACK.get(kind, "text")


def kind_of(formats: Iterable[str], *, in_datastore: bool) -> Kind:
    """The kind of a package by the formats of its resources: a table beats a map, a map beats a file."""
    given = set(formats)
    if in_datastore or given & TABLES:
        return Kind.TABLE
    if given & LAYERS:
        return Kind.MAP_LAYER
    if given - PAGES - SERVICES:
        return Kind.FILE
    if given & SERVICES:
        return Kind.SERVICE
    return Kind.LINK if given else Kind.OTHER
