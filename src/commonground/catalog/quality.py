"""How well a record describes its data: documented criteria, each one a finding to fix. Pure; no score.

The manual names them in docs/reference/quality.md, which is made from `CRITERIA`. A criterion that a dialect has
no words for is not held against the city, and one that builds on another waits until that one is met.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from commonground.protocols.base import SAMPLE_LENGTH, Capabilities
from commonground.words import Dataset, Finding, Kind

SHORTEST: Final = 30
"""Characters that a description has at least, if it says anything that the title does not."""
ABBREVIATION: Final = 4
NAMED: Final = 10
"""So many columns are named in a finding; the others are counted."""

DATA: Final = frozenset({Kind.TABLE, Kind.MAP_LAYER, Kind.VIEW, Kind.FILE})
ROWS: Final = DATA - {Kind.FILE}
GIVEN: Final = DATA | {Kind.LINK}
MACHINE_READABLE: Final = frozenset(
    {"CSV", "JSON", "GeoJSON", "KML", "KMZ", "Shapefile", "XML", "Excel", "Esri REST", "WFS", "RDF", "Parquet"}
    | {"API", "Text", "ZIP"}  # what is inside an archive is not known, so it is not held against the city
)

SOURCES: Final[Mapping[str, tuple[str, str]]] = {
    "DCAT-US 1.1": ("Project Open Data Metadata Schema 1.1", "https://resources.data.gov/resources/dcat-us/"),
    "DCAT-US 3.0": ("DCAT-US Schema 3.0", "https://doi-do.github.io/dcat-us/"),
    "DWBP": ("W3C, Data on the Web Best Practices, 2017", "https://www.w3.org/TR/dwbp/"),
    "MQA": ("data.europa.eu, Metadata Quality Assessment", "https://data.europa.eu/mqa/methodology"),
}
"""Who asks for it, by the short name that a criterion cites: title and address."""

_WORDS = re.compile(r"[^\W\d_]+")
_SAME = re.compile(r"[\W_]+")
_FILE = re.compile(r"\.(?:csv|tsv|txt|xlsx?|zip|shp|pdf|json|geojson|xml|kmz|kml|docx?)$|[^\W_]_[^\W_]", re.IGNORECASE)

Fault = tuple[str, str]
"""Sample and detail of a finding."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that a good record does. `fault` gives sample and detail where it does not, else None.

    `place` is the field in our form, `kinds` are those that it is asked of, `needs` names what the dialect must be
    able to tell, and `after` the criterion without which this one means nothing.
    """

    code: str
    asks: str
    place: str
    sources: tuple[str, ...]
    fault: Callable[[Dataset], Fault | None]
    kinds: frozenset[Kind] = frozenset(Kind)
    needs: str = ""
    after: str = ""
    of_columns: bool = False
    """Asked only where columns are known."""


def criteria(dataset: Dataset, knows: Capabilities) -> tuple[Finding, ...]:
    """What the record does not do and its dialect could tell: at most one finding a criterion.

    `dataset.contact` is to be the record's own, not the portal's.
    """
    found, unmet = list[Finding](), set[str]()
    for one in _BY_KIND[dataset.kind]:
        if one.after in unmet:
            unmet.add(one.code)
        elif tells(knows, one.needs) and (fault := one.fault(dataset)) is not None:
            unmet.add(one.code)
            sample, detail = fault
            found.append(Finding(one.code, one.place, sample[:SAMPLE_LENGTH], dataset.native_id, detail))
    return tuple(found)


def tells(knows: Capabilities, need: str) -> bool:
    """Whether a dialect has words for a field of the record, in the listing itself."""
    if not need:
        return True
    return knows.columns_in_listing if need == "columns" else need not in knows.cannot_say


def before(one: Criterion) -> Iterator[str]:
    """The codes that a criterion builds on, directly or not."""
    by_code = {each.code: each for each in CRITERIA}
    while one.after:
        yield one.after
        one = by_code[one.after]


def _empty(field: str) -> Callable[[Dataset], Fault | None]:
    return lambda dataset: None if getattr(dataset, field) else ("", "")


def _title(dataset: Dataset) -> Fault | None:
    title = dataset.title
    if _FILE.search(title):
        return title, "looks like the name of a file"
    words = _WORDS.findall(title)
    if not any(len(word) > 1 for word in words):
        return title, "holds no word"
    if title.upper() != title:
        return None
    if max(map(len, words)) <= ABBREVIATION:
        return title, "holds abbreviations only"
    return (title, "is written in capitals") if len(words) > 1 else None


def _description(dataset: Dataset) -> Fault | None:
    text = dataset.description.strip()
    if len(text) < SHORTEST:
        return text, f"has {len(text)} characters"
    close = len(text) <= len(dataset.title) + SHORTEST  # what is longer says more
    return (text, "repeats the title") if close and _bare(text) == _bare(dataset.title) else None


def _bare(text: str) -> str:
    return _SAME.sub("", text).casefold()


def _license(dataset: Dataset) -> Fault | None:
    given = dataset.license
    return (given.text, "") if given and not given.spdx and not given.url else None


def _change_date(dataset: Dataset) -> Fault | None:
    known = any(moment and moment.at for moment in (dataset.data_updated, dataset.modified))
    return None if known else ("", "")


def _columns(dataset: Dataset) -> Fault | None:
    # Columns that the portal computes by itself (":@computed_region_…") are not the city's to describe.
    own = [one for one in dataset.columns or () if one.field[:1] != ":"]
    bare = [one for one in own if not one.description]
    if not bare:
        return None
    names = ", ".join(one.name or one.field for one in bare[:NAMED])
    return "", f"{len(bare):,} of {len(own):,}: {names}{', …' if len(bare) > NAMED else ''}"


def _formats(dataset: Dataset) -> Fault | None:
    unnamed = sum(one.format == "Other" and not one.media_type for one in dataset.distributions)
    return ("", f"{unnamed:,} of {len(dataset.distributions):,}") if unnamed else None


def _machine_readable(dataset: Dataset) -> Fault | None:
    formats = {one.format for one in dataset.distributions}
    return None if formats & MACHINE_READABLE else (", ".join(sorted(formats)), "")


CRITERIA: Final = (
    Criterion("unclear-title", "The title is in plain words.", "title", ("DCAT-US 1.1", "DWBP"), _title),
    Criterion(
        "no-description",
        "There is a description.",
        "description",
        ("DCAT-US 1.1", "DCAT-US 3.0", "DWBP"),
        _empty("description"),
    ),
    Criterion(
        "thin-description",
        f"The description has at least {SHORTEST} characters and says more than the title.",
        "description",
        ("DCAT-US 1.1",),
        _description,
        after="no-description",
    ),
    Criterion(
        "no-publisher",
        "An office is named as the publisher.",
        "publisher",
        ("DCAT-US 1.1", "DWBP", "MQA"),
        _empty("publisher"),
        needs="publisher",
    ),
    Criterion(
        "no-contact",
        "The record names an office to ask.",
        "contact",
        ("DCAT-US 1.1", "DCAT-US 3.0", "DWBP", "MQA"),
        _empty("contact"),
        needs="contact",
    ),
    Criterion(
        "no-license",
        "There is a license.",
        "license",
        ("DCAT-US 1.1", "DWBP", "MQA"),
        _empty("license"),
        needs="license",
    ),
    Criterion(
        "license-unknown",
        "The license is a standard one, or has an address where it can be read.",
        "license",
        ("DCAT-US 1.1", "MQA"),
        _license,
        needs="license",
        after="no-license",
    ),
    Criterion(
        "no-keywords",
        "There are keywords.",
        "keywords",
        ("DCAT-US 1.1", "DWBP", "MQA"),
        _empty("keywords"),
        needs="keywords",
    ),
    Criterion("no-theme", "There is a theme.", "themes", ("DWBP", "MQA"), _empty("themes"), needs="themes"),
    Criterion(
        "no-frequency",
        "The record says how often the data are updated, if only “as needed”.",
        "frequency",
        ("DCAT-US 1.1", "DWBP"),
        _empty("frequency"),
        kinds=GIVEN,
        needs="frequency",
    ),
    Criterion(
        "no-change-date",
        "The record says when the data last changed.",
        "modified",
        ("DCAT-US 1.1", "DWBP", "MQA"),
        _change_date,
    ),
    Criterion("no-columns", "The columns are listed.", "columns", ("DWBP",), _empty("columns"), ROWS, needs="columns"),
    Criterion(
        "columns-undescribed", "Every column is described.", "columns", ("DWBP",), _columns, ROWS, of_columns=True
    ),
    Criterion(
        "no-landing-page", "There is a page for people.", "landing_page", ("DCAT-US 1.1",), _empty("landing_page")
    ),
    Criterion(
        "no-distribution",
        "There is an address at which the data can be had.",
        "distributions",
        ("DCAT-US 1.1", "MQA"),
        _empty("distributions"),
        GIVEN,
        after="no-columns",  # portals that export rows give no address for what has none
    ),
    Criterion(
        "no-format",
        "Each address says in which format the data come.",
        "distributions",
        ("DCAT-US 1.1", "MQA"),
        _formats,
        GIVEN,
        after="no-distribution",
    ),
    Criterion(
        "not-machine-readable",
        "The data can be had in a form that a program can read.",
        "distributions",
        ("DWBP", "MQA"),
        _machine_readable,
        GIVEN,
        after="no-distribution",
    ),
)
"""Every criterion, in the order in which a record is read; one named in `after` stands before."""

_BY_KIND: Final = {kind: tuple(one for one in CRITERIA if kind in one.kinds) for kind in Kind}
CODES: Final = frozenset(one.code for one in CRITERIA)
