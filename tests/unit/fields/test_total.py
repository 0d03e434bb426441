"""Whatever a portal sends, no parser raises, and what comes out can be stored and shown."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import astuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonground.protocols.base import Notes
from commonground.protocols.fields import prose, values
from commonground.protocols.fields.contacts import contact
from commonground.protocols.fields.extents import extent, period
from commonground.protocols.fields.formats import FORMATS, format_of
from commonground.protocols.fields.frequencies import frequency
from commonground.protocols.fields.licenses import license_of
from commonground.protocols.fields.moments import moment
from commonground.protocols.findings import rules

DATES = st.sampled_from(
    ("2020-01-01", "9999", "0000", "-", "/", "P1Y", "R/", "T", "Z", "+00:00", "12:61", "AM", "May", "10/10/")
)
AREAS = st.sampled_from(
    ("1e999", "NaN", "POLYGON((", "ENVELOPE(", "1 2,", "[[", "{", '"west":', "/Date(", ")/", "(", ",", ";")
)
TERMS = st.sampled_from(
    ("daily", "every", "0", "times per day", "2 to", "cc-by", "4.0", "data", "Office of ", "@", "mailto:")
)
MARKUP = st.sampled_from(
    ("<script>", "<a href='", "<ul>", "<li>", "</", "<h1", ">", "[x](", "```", "| a |\n|-|\n", "http://")
)
ODDITIES = st.sampled_from(
    ("javascript:", "&lt;", "&#0;", "&#xd800;", "\x00", "\ud800", "\u202e", "\r", " ", "&nbsp;", "<")
)
PIECES = DATES | AREAS | TERMS | MARKUP | ODDITIES
TEXT = (
    st.text(st.characters(codec=None), max_size=40)
    | st.text(st.characters(categories=["Cs", "Cc", "Nd", "Zs"]), max_size=10)
    | st.lists(PIECES, max_size=12).map("".join)
)
NUMBER = st.integers(-(10**400), 10**400) | st.integers(-(10**14), 10**14) | st.floats() | st.booleans()
SIDES = st.sampled_from(("west", "south", "east", "north", "xmin", "ymin", "xmax", "ymax", "spatialReference", "wkid"))
PLACES = st.sampled_from(
    ("coordinates", "geometry", "bbox", "type", "features", "name", "prefLabel", "startDate", "endDate", "@value")
)
KEYS = SIDES | PLACES
JSON = st.recursive(
    st.none() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS | TEXT, inner, max_size=6),
    max_leaves=20,
)

Parser = Callable[[object, Notes, str], object]
PARSERS: dict[str, Parser] = {
    "text": values.text,
    "texts": values.texts,
    "records": values.records,
    "whole_number": values.whole_number,
    "link": values.link,
    "moment": moment,
    "local moment": lambda value, notes, place: moment(value, notes, place, zone="America/New_York"),
    "extent": extent,
    "period": period,
    "html": lambda value, notes, place: prose.description(value, notes, place, dialect="html"),
    "markdown": lambda value, notes, place: prose.description(value, notes, place, dialect="markdown"),
    "plain": lambda value, notes, place: prose.description(value, notes, place, dialect="text"),
}


def storable(value: object) -> bool:
    """No NUL and no lone surrogate (PostgreSQL takes neither), no number that is not finite."""
    if isinstance(value, str):
        return "\x00" not in value and not re.search("[\ud800-\udfff]", value)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list | tuple):
        return all(storable(one) for one in value)
    return True


@pytest.mark.parametrize("name", PARSERS)
@given(value=JSON)
@settings(max_examples=150, deadline=None)
def test_every_parser_takes_any_json(name: str, value: object) -> None:
    notes = Notes("abcd-1234")
    found = PARSERS[name](value, notes, "place")
    if name != "records":
        assert storable(astuple(found) if hasattr(found, "__dataclass_fields__") else found)  # type: ignore[call-overload]
    for finding in notes.found:
        assert finding.code in rules()
        assert len(finding.sample) <= 200


@given(TEXT, TEXT)
@settings(max_examples=300, deadline=None)
def test_every_term_takes_any_text(one: str, other: str) -> None:
    for found in (license_of(one, other), frequency(one), contact(one, other)):
        assert found is None or storable(astuple(found))
    assert format_of(one, other, one + other) in FORMATS


@given(JSON, TEXT)
@settings(max_examples=100, deadline=None)
def test_any_path_may_be_asked_of_any_json(value: object, path: str) -> None:
    values.at(value, path)
    assert values.at({"a": [value]}, "a[0]") is value


@given(TEXT)
@settings(max_examples=300, deadline=None)
def test_a_link_is_harmless_or_nothing(value: str) -> None:
    for candidate in (value, f"http://example.gov/{value}", f"mailto:{value}"):
        link = values.link(candidate, Notes(), "url")
        assert link == "" or re.fullmatch(r"(?:https?|ftp|mailto):[^\s<>\"\x00]+", link)


@given(TEXT)
@settings(max_examples=300, deadline=None)
def test_html_holds_no_script_no_handler_and_no_other_scheme(value: str) -> None:
    tag = re.compile(r"<[a-z/!?][^>]*>", re.IGNORECASE)
    for shown in (prose.html(value), prose.markdown(value), prose.lines(value)):
        for found in tag.findall(shown):
            assert re.fullmatch(
                r"</?[a-z0-9]+>|<a href=\"(?:https?|ftp|mailto):[^\"]*\" rel=\"nofollow noopener\">",
                found,
                re.IGNORECASE,
            )
            assert not re.match(r"</?(?:script|style|iframe|object|img|svg)\b", found, re.IGNORECASE)
        assert prose.html(shown) == prose.html(prose.html(shown))


def test_a_value_nested_a_thousand_deep_is_noted_and_no_more() -> None:
    value: object = "x"
    for _ in range(5_000):
        value = {"geometry": [value]}
    for parser in PARSERS.values():
        parser(value, Notes(), "place")


def test_the_smallest_and_largest_json_numbers() -> None:
    for text in ("1e400", "-1e400", "1E-400", "NaN", "Infinity", "9" * 4_000, "-0", "-0.0"):
        for parser in PARSERS.values():
            parser(json.loads(text), Notes(), "place")
