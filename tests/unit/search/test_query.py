"""A search and its query string."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.catalog.search import Note, Query
from commonground.catalog.search.query import FILTERS, ORDERS
from commonground.words import Kind

VALUES = st.lists(st.text(max_size=20), max_size=4).map(tuple)
QUERIES = st.builds(
    Query,
    words=st.text(max_size=60),
    **{name: VALUES for name in FILTERS if name != "kind"},
    kind=st.lists(st.sampled_from([one.value for one in Kind]), max_size=4).map(tuple),
    since=st.none() | st.dates(),
    order=st.sampled_from(ORDERS),
    limit=st.integers(),
    offset=st.integers(),
)


@given(QUERIES)
def test_a_query_comes_back_from_its_string(query: Query) -> None:
    assert Query.parse(query.string()) == (query, ())


@given(st.text())
def test_any_text_is_some_query(text: str) -> None:
    query, _ = Query.parse(text)
    assert Query.parse(query.string()) == (query, ())


def test_one_search_has_one_address() -> None:
    assert Query(city=("seattle", "boston", "seattle")).string() == "city=boston&city=seattle"
    assert Query(words="  building \x00 permits ", limit=20, order="relevance").string() == "q=building+permits"
    assert Query(words="a\ud800b").string() == "q=a%3Fb"


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("kind=spreadsheet", Note("kind", "spreadsheet")),
        ("order=random", Note("order", "random")),
        ("since=yesterday", Note("since", "yesterday")),
        ("limit=many", Note("limit", "many")),
        ("offset=-1", Note("offset", "-1")),
        ("limit=٣", Note("limit", "٣")),
        ("limit=1234567890", Note("limit", "1234567890")),
        ("utm_source=mail", Note("utm_source", "mail")),
    ],
)
def test_what_means_nothing_is_left_out_and_noted(text: str, note: Note) -> None:
    query, notes = Query.parse(f"q=crime&{text}&city=boston")
    assert query == Query(words="crime", city=("boston",))
    assert notes == (note,)


def test_numbers_are_kept_within_reason() -> None:
    query, _ = Query.parse("limit=999999&offset=999999999")
    assert (query.limit, query.offset) == (1_000, 100_000)


def test_toggling_a_value_and_dropping_a_filter() -> None:
    query = Query(words="permits", offset=40, since=date(2024, 1, 1))
    chosen = query.toggled("city", "boston")
    assert (chosen.city, chosen.offset) == (("boston",), 0)
    assert chosen.toggled("city", "boston").city == ()
    assert chosen.filters == ("city", "since")
    assert chosen.without("since").filters == ("city",)
    assert chosen.without("city").filters == ("since",)
