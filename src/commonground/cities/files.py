"""One city's TOML file: what may stand in it, and how it becomes a `City`.

The model is strict, so that a typing error is told and not guessed away. The description of each
field is the second half of every error message about it: "Write <description>."
"""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from commonground import words
from commonground.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLUG = r"[a-z][a-z0-9]*(_[a-z0-9]+)*"


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"“{value}” is no time zone") from error
    if "/" not in value:  # "EST" is a known zone that knows no summer time
        raise ValueError(f"“{value}” is not the time zone of a place")
    return value


def _address(value: str) -> str:
    """An http(s) URL without its closing slash."""
    if "://" not in value:
        raise ValueError(f"“{value}” has no scheme")
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[^\s?#]*)?", value):
        raise ValueError(f"“{value}” is no address of a website")
    return value.rstrip("/")


def _page(value: str) -> str:
    """An http(s) URL of a page, perhaps of a place within it."""
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?(/\S*)?", value):
        raise ValueError(f"“{value}” is no address of a page")
    return value


Name = Annotated[str, Field(min_length=1, max_length=200)]
Address = Annotated[str, AfterValidator(_address)]
Page = Annotated[str, AfterValidator(_page)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Protocol = Literal["socrata", "ckan", "arcgis-hub", "opendatasoft", "dcat-us"]  # the registry's; a test compares
Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class PopulationPart(_Part):
    """`[population]`."""

    count: int = Field(gt=0, strict=True, description="the number of residents, such as 1_603_797")
    year: int = Field(ge=1790, le=2200, strict=True, description="the year of the count, such as 2020")
    source: Name = Field(
        description="who counted, such as “U.S. Census Bureau, 2020 Decennial Census, table P1”: "
        "a rate is only as good as its denominator"
    )


class ExtentPart(_Part):
    """`[extent]`: the bounding box."""

    west: Longitude = Field(description="the western edge in degrees, such as -75.29")
    south: Latitude = Field(description="the southern edge in degrees, such as 39.86")
    east: Longitude = Field(description="the eastern edge in degrees, such as -74.95")
    north: Latitude = Field(description="the northern edge in degrees, such as 40.14")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.west >= self.east or self.south >= self.north:
            raise ValueError("west is not less than east, or south not less than north")
        return self


class ContactPart(_Part):
    """`[contact]`: an office, never a person."""

    name: Name = Field(description="the name of the office, never of a person")
    email: str | None = Field(
        default=None,
        pattern=r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$",
        description="the mailbox of the office, such as opendata@phila.gov, or leave it out",
    )


class PortalPart(_Part):
    """`[[portals]]`: the main portal first."""

    slug: str = Field(
        pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
        description="a short name of small letters, digits and hyphens, such as philadelphia-maps; "
        "it is part of every dataset's id, for ever",
    )
    name: Name = Field(description="what the portal calls itself")
    url: Address = Field(description="the full address with its scheme, such as https://data.boston.gov")
    protocol: Protocol = Field(description="how the portal speaks: socrata, ckan, arcgis-hub, opendatasoft or dcat-us")
    contact: ContactPart | None = Field(default=None, description="a table with name and email of the office")
    terms: Page | None = Field(
        default=None,
        description="the address of the page with the portal's terms of use, such as https://dc.gov/terms, or leave it out",
    )
    options: dict[str, str] = Field(default_factory=dict, description="a table of texts that the protocol knows")


class EndpointPart(_Part):
    """`[endpoint]`: the city's 311 service."""

    url: Address = Field(description="the full address, such as https://311.boston.gov/open311/v2")
    jurisdiction: str = Field(default="", description="the jurisdiction_id, or leave it out")
    status: Literal["live", "unsure", "gone"] = Field(description="live, unsure or gone")
    note: str = Field(default="", description="how the status is known")


class CityFile(_Part):
    """A whole file. Its name is the city's slug."""

    name: Name = Field(description="the city's name, such as “Philadelphia”")
    short: Name = Field(description="what its people call it on a label, such as “PHL”")
    state: str = Field(pattern=r"^[A-Z]{2}$", description="the two capital letters of the state, such as PA")
    timezone: Annotated[str, AfterValidator(_timezone)] = Field(
        description="the name of the IANA time zone, such as America/New_York"
    )
    fips: str = Field(
        pattern=r"^\d{7}$", description="the FIPS place code as text: 2 digits of state, 5 of place, such as “4260000”"
    )
    latitude: Latitude = Field(description="the latitude of the city's middle in degrees, such as 39.95")
    longitude: Longitude = Field(description="the longitude of the city's middle in degrees, such as -75.17")
    languages: tuple[Language, ...] = Field(
        min_length=1, description="a list of language codes, the main one first, such as [“en”, “es”]"
    )
    website: Address = Field(description="the full address with its scheme, such as https://www.phila.gov")
    population: PopulationPart = Field(description="a table [population] with count, year and source")
    extent: ExtentPart = Field(
        description="a table [extent] with west < east and south < north, around the city's middle"
    )
    contact: ContactPart = Field(description="a table [contact] with the name of an office")
    portals: tuple[PortalPart, ...] = Field(min_length=1, description="at least one table [[portals]]")
    endpoint: EndpointPart | None = Field(default=None, description="a table [endpoint], or leave it out")

    @model_validator(mode="after")
    def _middle_within_extent(self) -> Self:
        box = self.extent
        if not (box.west <= self.longitude <= box.east and box.south <= self.latitude <= box.north):
            raise ValueError("latitude and longitude lie outside the extent: correct the one or the other")
        return self

    def city(self, slug: str) -> words.City:
        """The same facts in the words of the house."""
        contact = _contact(self.contact)
        return words.City(
            slug=slug,
            name=self.name,
            short=self.short,
            state=self.state,
            timezone=self.timezone,
            fips=self.fips,
            latitude=self.latitude,
            longitude=self.longitude,
            population=words.Population(**self.population.model_dump()),
            extent=words.Extent(**self.extent.model_dump()),
            contact=contact,
            languages=self.languages,
            website=self.website,
            portals=tuple(_portal(part, slug, contact) for part in self.portals),
            endpoint=words.Endpoint(**self.endpoint.model_dump()) if self.endpoint else None,
        )


def _contact(part: ContactPart) -> words.Contact:
    return words.Contact(part.name, part.email)


def _portal(part: PortalPart, city: str, office: words.Contact) -> words.Portal:
    """A portal without a contact of its own has the city's."""
    contact = _contact(part.contact) if part.contact else office
    host = urlsplit(part.url).netloc.lower()
    return words.Portal(
        part.slug, city, part.name, host, part.protocol, part.url, contact, part.options, part.terms or ""
    )


def read(path: Path) -> words.City:
    """The city of one TOML file. Raises `Misconfigured`: one line for each thing wrong, with file, key and fix."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path}: this is not TOML: {error}.", advice="Correct the line that it names.") from error
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be read: {error.strerror}.", advice="Check its permissions.") from error
    return validated(content, path)


def validated(content: dict[str, Any], path: Path) -> words.City:
    """The city of a decoded file. Raises `Misconfigured` as `read` does."""
    try:
        return CityFile.model_validate(content).city(path.stem)
    except ValidationError as error:
        lines = (f"{path}: {fault}" for fault in _faults(error))
        raise Misconfigured("\n".join(lines)) from error


def _faults(error: ValidationError) -> Iterator[str]:
    for one in error.errors(include_url=False):
        key, models, description = _place(one["loc"])
        match one["type"]:
            case "too_short" if one["input"]:
                continue  # there is a portal, but one that does not count, and why has been said
            case "missing":
                yield f"{key} is missing. Write {description}."
            case "extra_forbidden":
                yield f"{key} is no key of a city file. {_meant(str(one['loc'][-1]), models)}"
            case "value_error":
                fix = f" Write {description}." if description else ""
                yield f"{key}: {one['ctx']['error']}.{fix}".removeprefix(": ")
            case _:
                yield f"{key}: {one['input']!r} will not do. Write {description}."


def _place(location: tuple[int | str, ...]) -> tuple[str, type[BaseModel] | None, str]:
    """The key as a person writes it, the table it stands in, and what should stand there."""
    key, table, description = "", None, ""
    inner: type[BaseModel] | None = CityFile
    for part in location:
        if isinstance(part, int):
            key += f"[{part}]"
            continue
        key += f".{part}" if key else str(part)
        table = inner
        field = table.model_fields.get(part) if table else None
        if field is not None:
            description, inner = field.description or "", _model(field.annotation)
    return key, table, description


def _model(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - any annotation
    """The model inside `Model`, `Model | None` or `tuple[Model, ...]`."""
    for one in (annotation, *get_args(annotation)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None


def _meant(word: str, table: type[BaseModel] | None) -> str:
    known = list(table.model_fields) if table else []
    close = difflib.get_close_matches(word, known, n=1)
    return f"Did you mean “{close[0]}”?" if close else f"Remove it; known keys: {', '.join(known)}."
