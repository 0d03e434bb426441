"""The words of the house, as frozen data without I/O.

Each class is defined in plain language in GLOSSARY.md; the code uses these words and no synonyms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

Raw = dict[str, Any]
"""One record exactly as a portal gave it, decoded from JSON."""


class Kind(StrEnum):
    """What a dataset is, whatever its portal calls it."""

    TABLE = "table"
    MAP_LAYER = "map_layer"
    FILE = "file"
    VIEW = "filtered_view"
    CHART = "chart"
    STORY = "story"
    LINK = "external_link"
    SERVICE = "service"
    OTHER = "other"


class ColumnType(StrEnum):
    """The normal form of a column's type; `UNKNOWN` keeps the portal's own word beside it."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    MONEY = "money"
    PERCENT = "percent"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    POINT = "point"
    LINE = "line"
    POLYGON = "polygon"
    GEOMETRY = "geometry"
    ADDRESS = "address"
    URL = "url"
    EMAIL = "email"
    PHONE = "phone"
    FILE = "file"
    JSON = "json"
    ID = "id"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """How much a finding hurts a reader: nothing is lost, something is unclear, something is wrong."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


class Fixer(StrEnum):
    """Who must fix a finding."""

    CITY = "city"
    US = "us"
    NOBODY = "nobody"


class State(StrEnum):
    """Whether the portal still lists the dataset.

    `MISSING` since the last complete listing did not name it; `WITHDRAWN` once it stayed so for a grace of days
    and of complete listings. Either comes back by itself.
    """

    PRESENT = "present"
    MISSING = "missing"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time: `at` in UTC where it could be read, `text` as the portal wrote it."""

    at: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class License:
    """A license as given (`text`) and, only when certain, its SPDX id and address."""

    text: str
    spdx: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often the city says it updates: its own words, and days between updates when certain."""

    text: str
    days: float | None = None


@dataclass(frozen=True, slots=True)
class Extent:
    """A bounding box in degrees (WGS 84), with the text it was read from."""

    west: float
    south: float
    east: float
    north: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """The time that the rows speak of; an open end is None."""

    start: datetime | None
    end: datetime | None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """The office to ask; never a private person."""

    name: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `name` as published, `field` as programs call it, `published_type` as given."""

    name: str
    field: str
    type: ColumnType = ColumnType.UNKNOWN
    published_type: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Distribution:
    """One way to get the data: a file, an API or a page. `format` is one of our format words."""

    url: str
    format: str
    title: str = ""
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """What a portal publishes, in our form. `columns is None` means not known, `()` means none.

    The permanent id is `<portal>/<native_id>`. `parents` are native ids on the same portal.
    `series` is a key shared by the yearly or monthly slices of one dataset in one portal.
    """

    city: str
    portal: str
    host: str
    native_id: str
    title: str
    kind: Kind = Kind.TABLE
    description_html: str = ""
    description: str = ""
    publisher: str = ""
    contact: Contact | None = None
    license: License | None = None
    themes: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    issued: Moment | None = None
    modified: Moment | None = None
    data_updated: Moment | None = None
    frequency: Frequency | None = None
    spatial: Extent | None = None
    temporal: Period | None = None
    columns: tuple[Column, ...] | None = None
    distributions: tuple[Distribution, ...] = ()
    landing_page: str = ""
    row_count: int | None = None
    parents: tuple[str, ...] = ()
    series: str = ""

    @property
    def id(self) -> str:
        """The permanent id."""
        return f"{self.portal}/{self.native_id}"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at one place. `code` is explained in protocols/findings.toml and the manual.

    `place` points into the raw record (`resource.columns_name[3]`) or names a request;
    `sample` is the offending value, cut to 200 characters. `native_id` is empty for the portal itself.
    """

    code: str
    place: str = ""
    sample: str = ""
    native_id: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Portal:
    """One data site of a city. `host` names it in the world, `slug` in our ids, for ever."""

    slug: str
    city: str
    name: str
    host: str
    protocol: str
    url: str
    contact: Contact | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    terms: str = ""
    """The address of its terms of use; "" where none is known. A license of a dataset goes before them."""


@dataclass(frozen=True, slots=True)
class Population:
    """Residents, with the source and its year, because a rate is only as good as its denominator."""

    count: int
    year: int
    source: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A 311 service of a city (Open311 GeoReport v2)."""

    url: str
    jurisdiction: str = ""
    status: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class City:
    """A member. Everything about it is data: `cities/<slug>.toml`."""

    slug: str
    name: str
    short: str
    state: str
    timezone: str
    fips: str
    latitude: float
    longitude: float
    population: Population
    extent: Extent
    contact: Contact
    languages: tuple[str, ...]
    website: str
    portals: tuple[Portal, ...]
    endpoint: Endpoint | None = None
