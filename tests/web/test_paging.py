"""Pages of a list, and the small tags that every page uses."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.http import QueryDict
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from commonground.pages import paging
from commonground.pages.country import Box, Spot, country
from commonground.pages.projection import EARTH_RADIUS, project
from commonground.pages.templatetags import pages


@given(st.text(), st.text(), st.integers(0, 10**9))
def test_whatever_is_asked_a_page_stays_in_bounds(number: str, size: str, total: int) -> None:
    query = QueryDict(mutable=True)
    query.update({"page": number, "size": size, "q": "a b&c"})
    found = paging.asked(query).of(total)
    assert 1 <= found.size <= paging.MOST_PER_PAGE
    assert found.start >= 0
    assert found.start + found.size <= paging.DEEPEST
    assert found.stop <= total
    numbers = [step for step, _ in found.steps if step]
    assert numbers == sorted(set(numbers))
    assert numbers[0] == 1
    assert numbers[-1] == found.last
    assert len(found.steps) <= 9
    for link in (found.previous_link, found.next_link):
        assert not link or QueryDict(link[1:])["q"] == "a b&c"


@given(st.integers(10, 200), st.integers(0, 2_000))
def test_walking_the_next_links_shows_every_entry_once(size: int, total: int) -> None:
    query, seen = QueryDict(f"size={size}"), 0
    while True:
        page = paging.asked(query).of(total)
        assert page.start == seen
        seen = page.stop
        if not page.next_link:
            break
        query = QueryDict(page.next_link[1:])
    assert seen == total


def test_dates_are_written_as_the_look_says_in_the_citys_own_zone() -> None:
    moment = datetime(2022, 7, 23, 21, 55, tzinfo=UTC)
    assert pages.day(moment) == '<time datetime="2022-07-23T21:55:00Z">July 23, 2022</time>'
    assert ">Jul 23, 2022<" in pages.short_day("2022-07-23T21:55:00+00:00", "America/Los_Angeles")
    assert ">Jul 23, 2022, 14:55 PDT<" in pages.day_and_time(moment, "America/Los_Angeles")
    assert "Not known" in pages.day(None)
    with override("es"):
        assert ">23 de julio de 2022<" in pages.day(moment)
        assert "No se sabe" in pages.short_day(None)


def test_numbers_have_commas_and_unknown_ones_words() -> None:
    assert pages.number(1234567) == "1,234,567"
    assert pages.number(0) == "0"
    assert "Not known" in pages.number(None)
    assert [pages.spelled(n) for n in (1, 2, 7, 10, 11, 1200)] == ["1", "Two", "Seven", "Ten", "11", "1,200"]


@given(st.lists(st.tuples(st.text(), st.booleans())))
def test_pieces_are_escaped_and_marked(parts: list[tuple[str, bool]]) -> None:
    from html import escape

    assert str(pages.pieces(parts)) == "".join(
        f"<mark>{escape(text)}</mark>" if marked else escape(text) for text, marked in parts
    )


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_json_ld_can_end_no_element(data: object) -> None:
    import json

    text = pages.json_ld(data)
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == data


def test_the_projection_keeps_areas() -> None:
    """A degree cell has the same area on the map as on the sphere, wherever in the country it lies."""
    from math import radians, sin

    for west, south in ((-124, 47), (-100, 40), (-81, 25), (-70, 44)):
        corners = [project(west + dx, south + dy) for dx, dy in ((0, 0), (0.1, 0), (0.1, 0.1), (0, 0.1))]
        pairs = zip(corners, corners[1:] + corners[:1], strict=True)
        drawn = abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2
        true = EARTH_RADIUS**2 * radians(0.1) * (sin(radians(south + 0.1)) - sin(radians(south)))
        assert drawn == pytest.approx(true, rel=1e-4)
    assert project(-96.0, 37.5) == pytest.approx((0, 0), abs=1e-9)


@given(st.lists(st.tuples(st.floats(-120, -70), st.floats(30, 46)), min_size=1, max_size=9, unique=True))
def test_labels_lie_on_the_sheet(places: list[tuple[float, float]]) -> None:
    found = country([Spot(f"City {n}", "12 data sets", "/", lat, lon) for n, (lon, lat) in enumerate(places)])
    assert found is not None, "Build the assets first: npm ci --ignore-scripts && npm run build"
    assert len(found.labels) == len(places)
    for label in found.labels:
        assert 0 <= label.x <= found.width


def test_labels_of_the_founders_and_of_a_neighbor_never_meet() -> None:
    from commonground.cities import cities

    spots = [Spot(one.name, "1,234 data sets", "/", one.latitude, one.longitude) for one in cities().values()]
    found = country([*spots, Spot("Philadelphia", "1,234 data sets", "/", 39.95, -75.17)])
    assert found is not None
    boxes = [label.box for label in found.labels]
    assert all(box.within(found.width, found.height) for box in boxes)
    assert not any(one.meets(other) for n, one in enumerate(boxes) for other in boxes[n + 1 :])
    assert Box(0, 0, 1, 1).meets(Box(0.5, 0.5, 2, 2))
