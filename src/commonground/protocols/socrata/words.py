"""Socrata's own words in ours: column types, kinds of assets, and where its portals keep extra facts."""

from __future__ import annotations

import re
from functools import lru_cache

from commonground.protocols.fields.privacy import Persons
from commonground.words import ColumnType, Kind

FOUR_BY_FOUR = re.compile(r"(?<![a-z0-9])[a-z0-9]{4}-[a-z0-9]{4}(?![a-z0-9-])")

TYPES = {
    "text": ColumnType.TEXT,
    "html": ColumnType.TEXT,
    "number": ColumnType.NUMBER,
    "double": ColumnType.NUMBER,
    "money": ColumnType.MONEY,
    "percent": ColumnType.PERCENT,
    "checkbox": ColumnType.BOOLEAN,
    "calendar date": ColumnType.DATETIME,
    "date": ColumnType.DATETIME,
    "point": ColumnType.POINT,
    "location": ColumnType.POINT,
    "multipoint": ColumnType.GEOMETRY,
    "geospatial": ColumnType.GEOMETRY,
    "line": ColumnType.LINE,
    "multiline": ColumnType.LINE,
    "polygon": ColumnType.POLYGON,
    "multipolygon": ColumnType.POLYGON,
    "url": ColumnType.URL,
    "email": ColumnType.EMAIL,
    "phone": ColumnType.PHONE,
    "document": ColumnType.FILE,
    "photo": ColumnType.FILE,
    "blob": ColumnType.FILE,
    "json": ColumnType.JSON,
    "meta data": ColumnType.JSON,
    "row identifier": ColumnType.ID,
}
"""Type as published, lower case with spaces (`Calendar date`, `calendar_date`), to ours."""

GEOMETRY = frozenset({ColumnType.POINT, ColumnType.LINE, ColumnType.POLYGON, ColumnType.GEOMETRY})

KINDS = {
    "dataset": Kind.TABLE,
    "calendar": Kind.TABLE,
    "filter": Kind.VIEW,
    "map": Kind.MAP_LAYER,
    "chart": Kind.CHART,
    "visualization": Kind.CHART,
    "datalens": Kind.CHART,
    "story": Kind.STORY,
    "href": Kind.LINK,
    "federated_href": Kind.LINK,
    "link": Kind.LINK,
    "file": Kind.FILE,
    "blob": Kind.FILE,
    "form": Kind.OTHER,
    "measure": Kind.OTHER,
    "gateway_plugin": Kind.OTHER,
}
"""Discovery's `resource.type` to ours."""

OFFICE_FACTS = ("publishing-department", "department", "agency", "publisher", "owner", "data-owner")
FREQUENCY_FACTS = (
    "publishing-frequency",
    "update-frequency",
    "refresh-rate",
    "frequency",
    "data-change-frequency",
)
PERIOD_FACTS = ("time-period",)
CONTACT_FACTS = ("contact-name", "contact-email", "contact-information", "contact-phone", "contact", "email")
"""Last parts of the keys of a portal's own fields, the most telling first (lower case)."""

PERSONS = Persons(
    contacts=(
        "contact_email",
        "owner",
        "creator",
        "tableAuthor",
        "approvals",
        "rowsUpdatedBy",
        *(f"{own}.{key}" for own in ("domain_metadata", "custom_fields.*") for key in CONTACT_FACTS),
    ),
    publishers=(
        "attribution",
        *(f"{own}.{key}" for own in ("domain_metadata", "custom_fields.*") for key in OFFICE_FACTS),
    ),
)
"""Where persons may stand, in Discovery's records and in views."""


@lru_cache(maxsize=1_000)
def column_type(published: str) -> ColumnType:
    """Our type for a type as published; `UNKNOWN` for a word we have not met."""
    return TYPES.get(published.replace("_", " ").strip().lower(), ColumnType.UNKNOWN)


def published_type(kind: ColumnType) -> str:
    """The word Socrata uses for a type of ours, as near as it has one."""
    return _BACK.get(kind, "Text")


_BACK = {
    ColumnType.NUMBER: "Number",
    ColumnType.INTEGER: "Number",
    ColumnType.MONEY: "Money",
    ColumnType.PERCENT: "Percent",
    ColumnType.BOOLEAN: "Checkbox",
    ColumnType.DATE: "Calendar date",
    ColumnType.DATETIME: "Calendar date",
    ColumnType.POINT: "Point",
    ColumnType.LINE: "MultiLine",
    ColumnType.POLYGON: "MultiPolygon",
    ColumnType.GEOMETRY: "Geospatial",
    ColumnType.URL: "URL",
    ColumnType.EMAIL: "Email",
    ColumnType.PHONE: "Phone",
    ColumnType.FILE: "Document",
    ColumnType.JSON: "JSON",
}
