"""Opendatasoft's own words in ours: column types, exports, and where a record keeps its facts."""

from __future__ import annotations

from commonground.protocols.fields.privacy import Persons
from commonground.words import ColumnType

API = "/api/explore/v2.1/catalog"

MOST = 10_000
"""`offset + limit` must stay below this; a longer catalog is only given whole, as an export."""

LARGEST_PAGE = 100

TYPES = {
    "text": ColumnType.TEXT,
    "int": ColumnType.INTEGER,
    "double": ColumnType.NUMBER,
    "decimal": ColumnType.NUMBER,
    "boolean": ColumnType.BOOLEAN,
    "date": ColumnType.DATE,
    "datetime": ColumnType.DATETIME,
    "geo_point_2d": ColumnType.POINT,
    "geo_shape": ColumnType.GEOMETRY,
    "file": ColumnType.FILE,
    "json_blob": ColumnType.JSON,
}

BACK = {
    ColumnType.NUMBER: "double",
    ColumnType.INTEGER: "int",
    ColumnType.MONEY: "double",
    ColumnType.PERCENT: "double",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.DATE: "date",
    ColumnType.DATETIME: "datetime",
    ColumnType.POINT: "geo_point_2d",
    ColumnType.LINE: "geo_shape",
    ColumnType.POLYGON: "geo_shape",
    ColumnType.GEOMETRY: "geo_shape",
    ColumnType.FILE: "file",
    ColumnType.JSON: "json_blob",
}
"""Our types to the nearest one of theirs; whatever is missing here is `text`."""

SHAPES = frozenset({"geo_shape"})
PLACES = frozenset({"geo_point_2d", "geo_shape"})

EXPORTS = (
    ("csv", "CSV", "CSV", "text/csv"),
    ("json", "JSON", "JSON", "application/json"),
    ("parquet", "Parquet", "Parquet", "application/vnd.apache.parquet"),
)
MAP_EXPORTS = (
    ("geojson", "GeoJSON", "GeoJSON", "application/geo+json"),
    ("shp", "Shapefile", "Shapefile", "application/zip"),
)
"""What a table can be had as: the export's name, our format, a title, a media type. Maps have more."""

FILES = ("attachments", "alternative_exports")

PUBLISHERS = ("default.publisher", "dcat.creator")
OFFICES = (
    ("dcat.contact_name", "dcat.contact_email"),
    ("inspire.contact_name", "inspire.contact_email"),
    ("inspire.contact_individual_name", "inspire.contact_email"),
)
ISSUED = ("dcat.issued", "dcat.created")
FREQUENCY = ("dcat.accrualperiodicity", "default.update_frequency")
TEMPORAL_ENDS = (
    ("dcat.temporal_coverage_start", "dcat.temporal_coverage_end"),
    ("dcat.temporal_coverage_start_date", "dcat.temporal_coverage_end_date"),
)
BOX = (
    "inspire.extend_bounding_box_westbound_longitude",
    "inspire.extend_bounding_box_southbound_latitude",
    "inspire.extend_bounding_box_eastbound_longitude",
    "inspire.extend_bounding_box_northbound_latitude",
)
"""Facts as `template.name` inside `metas`, the most telling first."""

PERSONS = Persons(
    contacts=(
        *("contact", "contact_name", "contact_email", "contact_phone", "contact_address", "contact_position"),
        *(
            "contact_individual_name",
            "contact_person",
            "contributor",
            "author",
            "owner",
            "maintainer",
            "email",
            "phone",
        ),
    ),
    publishers=("publisher", "creator", "attributions"),
)
"""Where persons may stand, in any template of the metadata."""


def column_type(published: str) -> ColumnType:
    """Our type for one of theirs; `UNKNOWN` for a word we have not met."""
    return TYPES.get(published.strip().lower(), ColumnType.UNKNOWN)


def published_type(kind: ColumnType, published: str) -> str:
    """Their word for a column: its own when it means the same to them, else the nearest."""
    return published if published and column_type(published) is kind else BACK.get(kind, "text")
