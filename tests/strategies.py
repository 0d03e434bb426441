"""Arbitrary Datasets for property tests, each as some reader could have made it.

Every value comes out of the parsers that all protocols share, so it is already in its normal form.
A protocol that carries less replaces a field's strategy: `datasets(portal, kind=st.just(Kind.TABLE))`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from commonground.protocols.base import Notes
from commonground.protocols.fields import contacts, formats, frequencies, licenses, prose, values
from commonground.protocols.fields.extents import extent, period
from commonground.protocols.fields.moments import moment
from commonground.words import Column, ColumnType, Dataset, Distribution, Kind, Portal

_QUIRKS = "<>&\"'{}[]()|;:/\\%*_#`~–—’é日🏙"
_CHARACTERS = st.one_of(
    st.sampled_from("abc XYZ 019"),
    st.sampled_from(_QUIRKS),
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn"]),
)


def lines(most: int = 30) -> st.SearchStrategy[str]:
    """One clean line of text that says something."""
    return st.text(_CHARACTERS, min_size=1, max_size=most).map(lambda text: values.text(text, Notes(), "")).filter(bool)


def several(each: st.SearchStrategy[str], most: int = 4) -> st.SearchStrategy[tuple[str, ...]]:
    """A few different texts; capitals make no difference."""
    return st.lists(each, max_size=most).map(lambda texts: values.texts(texts, Notes(), ""))


def descriptions() -> st.SearchStrategy[tuple[str, str]]:
    """Safe HTML and its plain text, made from paragraphs with line breaks and odd characters."""
    paragraphs = st.lists(st.lists(lines(), min_size=1, max_size=2).map("\n".join), max_size=3).map("\n\n".join)
    return paragraphs.map(prose.lines).map(lambda html: prose.description(html, Notes(), "", dialect="html"))


def moments() -> st.SearchStrategy[Any]:
    """A moment given with or without an offset, as a day, or in words that are no date."""
    times = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(microsecond=0))  # noqa: DTZ001
    texts = st.one_of(
        times.map(datetime.isoformat),
        times.map(lambda at: at.replace(tzinfo=UTC).isoformat()),
        times.map(lambda at: at.date().isoformat()),
        st.just("some time ago"),
    )
    return texts.map(lambda text: moment(text, Notes(), ""))


def extents() -> st.SearchStrategy[Any]:
    """A box in degrees, given as `west,south,east,north`."""
    west, south = st.floats(-179, 170), st.floats(-89, 80)
    boxes = st.tuples(west, south, st.floats(0.01, 9), st.floats(0.01, 9))
    return boxes.map(
        lambda box: extent(f"{box[0]:.3f},{box[1]:.3f},{box[0] + box[2]:.3f},{box[1] + box[3]:.3f}", Notes(), "spatial")
    )


def columns(types: Mapping[str, ColumnType]) -> st.SearchStrategy[tuple[Column, ...] | None]:
    """Unknown, none, or a few columns whose published types are of `types`."""
    one = st.builds(
        lambda name, field, pair, description: Column(name, field, pair[1], pair[0], description),
        lines(),
        st.from_regex(r"[A-Za-z][A-Za-z0-9_ ]{0,10}[A-Za-z0-9]", fullmatch=True),
        st.sampled_from(sorted(types.items())),
        st.one_of(st.just(""), lines()),
    )
    return st.one_of(st.none(), st.lists(one, max_size=4, unique_by=lambda column: column.field.lower()).map(tuple))


def distributions() -> st.SearchStrategy[tuple[Distribution, ...]]:
    """A few files, interfaces and pages, each at an address of its own."""
    kinds = st.sampled_from(
        [
            ("CSV", "text/csv", "csv"),
            ("GeoJSON", "application/geo+json", "geojson"),
            ("Esri REST", "", "FeatureServer/0"),
            ("PDF", "application/pdf", "pdf"),
            ("HTML", "text/html", "html"),
            ("Other", "", "dwg"),
        ]
    )

    def made(number: int, kind: tuple[str, str, str], title: str) -> Distribution:
        url = f"https://example.org/files/{number}/{kind[2]}"
        return Distribution(url, formats.format_of(kind[0], kind[1], url), title, kind[1])

    one = st.builds(made, st.integers(0, 10**6), kinds, st.one_of(st.just(""), lines()))
    return st.lists(one, max_size=3, unique_by=lambda way: way.url).map(tuple)


_LICENSES = [
    ("Open Data Commons Public Domain Dedication and License (PDDL)", ""),
    ("Creative Commons Attribution 4.0", "https://creativecommons.org/licenses/by/4.0/"),
    ("Public Domain", ""),
    ("Terms of use", "https://example.org/terms"),
]
_CONTACTS = [("Department of Health", "opendata@example.gov"), ("Open Data Team", ""), ("", "gis@example.gov")]
_FREQUENCIES = ["Daily", "R/P1W", "As needed", "2 to 4 times per year", "every other Tuesday or so"]
_PERIODS = ["2010-01-01/2020-12-31", "2015-06-01/..", "2001-02-03T04:05:06+00:00/2002-01-01"]


def datasets(portal: Portal, **replaced: st.SearchStrategy[Any]) -> st.SearchStrategy[Dataset]:
    """Datasets of one portal; `replaced` names fields and the strategies to use for them instead."""
    ids = st.uuids(version=4).map(str)
    fields: dict[str, st.SearchStrategy[Any]] = {
        "native_id": ids,
        "title": lines(60),
        "kind": st.sampled_from(Kind),
        "text": descriptions(),
        "publisher": st.one_of(st.just(""), lines()),
        "contact": st.one_of(st.none(), st.sampled_from(_CONTACTS).map(lambda pair: contacts.contact(*pair))),
        "license": st.one_of(st.none(), st.sampled_from(_LICENSES).map(lambda pair: licenses.license_of(*pair))),
        "themes": several(lines()),
        "keywords": several(lines()),
        "issued": st.one_of(st.none(), moments()),
        "modified": st.one_of(st.none(), moments()),
        "data_updated": st.one_of(st.none(), moments()),
        "frequency": st.one_of(st.none(), st.sampled_from(_FREQUENCIES).map(frequencies.frequency)),
        "spatial": st.one_of(st.none(), extents()),
        "temporal": st.one_of(st.none(), st.sampled_from(_PERIODS).map(lambda text: period(text, Notes(), ""))),
        "columns": columns({"": ColumnType.UNKNOWN}),
        "distributions": distributions(),
        "landing_page": ids.map(lambda name: f"{portal.url}/dataset/{name}"),
        "row_count": st.one_of(st.none(), st.integers(0, 10**9)),
        "parents": several(ids, 2),
    }

    def made(text: tuple[str, str], **given: Any) -> Dataset:
        given |= {"description_html": text[0], "description": text[1]}
        return Dataset(city=portal.city, portal=portal.slug, host=portal.host, **given)

    return st.builds(made, **(fields | replaced))
