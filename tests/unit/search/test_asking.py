"""What is found, in which order, with which counts."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonground.catalog.search import Count, Index, Piece, Query, Results, search
from tests.unit.search.documents import DOCUMENTS, make

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 2, 1)


def ask(index: Index, text: str) -> Results:
    return search(index, Query.parse(text)[0], today=TODAY)


def ids(index: Index, text: str) -> list[str]:
    return [hit.id for hit in ask(index, text).hits]


def counts(results: Results, name: str) -> dict[str, int]:
    return {one.value: one.count for one in results.facets[name]}


def test_tables_stand_before_views_charts_and_indicator_feeds(shared: Index) -> None:
    found = ids(shared, "q=building permits")
    assert set(found[:3]) == {"chicago/ydr8-5enu", "san-francisco/i98e-djp9", "seattle/76t5-zqzr"}
    assert set(found[3:]) == {"seattle/view-0001", "seattle/chrt-0001", "seattle/kpis-0001"}
    assert found.index("seattle/view-0001") < found.index("seattle/chrt-0001")


def test_newer_slices_of_a_series_stand_first(shared: Index) -> None:
    assert ids(shared, "q=street sweeping") == ["chicago/2022-0001", "chicago/2019-0001"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("permit", "chicago/ydr8-5enu"),  # stems
        ("trash", "seattle/trsh-0001"),  # another word for it
        ("refuse", "chicago/97t6-zrhs"),
        ("bike racks", "chicago/bike-0001"),
        ("bicycle rack", "seattle/bike-0002"),
        ("SFPD", "san-francisco/wg3w-h783"),  # an acronym and the city it means
        ("restaurnt inspections", "san-francisco/food-0001"),  # a letter missing
        ("biulding permits", "chicago/ydr8-5enu"),  # two swapped
        ("restau", "san-francisco/food-0001"),  # not finished
        ("cafe licenses", "seattle/cafe-0001"),  # accents
        ("Café", "seattle/cafe-0001"),
        ("where can i find crimes", "chicago/ijzp-q8t2"),  # a question
    ],
)
def test_words_are_understood(shared: Index, words: str, found: str) -> None:
    assert found in ids(shared, f"q={words}")


def test_slips_are_mended_and_told(shared: Index) -> None:
    assert ask(shared, "q=restaurnt inspectoins").corrected == "restaurant inspections"
    assert ask(shared, "q=restaurant inspections").corrected == ""


def test_a_city_among_the_words_comes_first_and_others_stay(shared: Index) -> None:
    assert ids(shared, "q=seattle building permits")[0] == "seattle/76t5-zqzr"
    assert ids(shared, "q=sf building permits")[0] == "san-francisco/i98e-djp9"
    assert len(ids(shared, "q=seattle building permits")) == 6
    assert set(ids(shared, "q=seattle")) == {one["id"] for one in DOCUMENTS if one["city"] == "seattle"}


@pytest.mark.parametrize(
    "words",
    [
        "i98e-djp9",
        " I98E-DJP9 ",
        "san-francisco/i98e-djp9",
        "data.sfgov.org/i98e-djp9",
        "https://data.sfgov.org/d/i98e-djp9",
        "https://data.sfgov.org/Housing-and-Buildings/Building-Permits/i98e-djp9",
        "http://localhost:8000/datasets/san-francisco/i98e-djp9",
    ],
)
def test_ids_and_addresses_are_found_exactly(shared: Index, words: str) -> None:
    assert [hit.id for hit in search(shared, Query(words=words)).hits] == ["san-francisco/i98e-djp9"]


def test_a_host_lists_its_datasets(shared: Index) -> None:
    expected = {one["id"] for one in DOCUMENTS if one["host"] == "data.sfgov.org"}
    assert set(ids(shared, "q=data.sfgov.org")) == expected


def test_phrases_and_exclusions(shared: Index) -> None:
    assert ids(shared, 'q="permits map"') == ["seattle/view-0001"]
    assert ids(shared, 'q="map permits"') == []
    assert "seattle/chrt-0001" not in ids(shared, "q=building permits -chart")
    assert ids(shared, 'q=building -"permits chart" -map -seattle&city=seattle&kind=chart') == []


def test_a_column_name_finds_its_table_first(shared: Index) -> None:
    assert ids(shared, "q=inspection_date violation_code")[0] == "san-francisco/food-0001"


def test_few_complete_answers_are_followed_by_partial_ones(shared: Index) -> None:
    results = ask(shared, "q=garbage crime")
    assert results.hits[0].id == "chicago/97t6-zrhs"
    assert {"chicago/ijzp-q8t2", "seattle/trsh-0001"} < {hit.id for hit in results.hits}
    assert (results.complete, results.total) == (1, 4)


def test_filters_alone(shared: Index) -> None:
    assert ids(shared, "city=seattle&kind=chart") == ["seattle/chrt-0001"]
    assert ids(shared, "license=PDDL-1.0") == ["chicago/ydr8-5enu"]
    assert ids(shared, "format=GeoJSON&format=KML") == ["seattle/76t5-zqzr"]
    assert ids(shared, "since=2026-01-15") == ["seattle/bike-0002"]
    assert ids(shared, "publisher=Police Department&theme=Housing") == []
    assert ask(shared, "").total == len(DOCUMENTS)


def test_orders(shared: Index) -> None:
    assert ids(shared, "order=updated&limit=1") == ["seattle/bike-0002"]
    assert ids(shared, "order=updated")[-1] == "chicago/2019-0001"
    titles = {one["id"]: (one["title"].lower(), one["id"]) for one in DOCUMENTS}
    by_title = ids(shared, "order=title")
    assert by_title[:2] == ["chicago/bike-0001", "seattle/bike-0002"]
    same = [one for one in by_title if titles[one][0] == "building permits"]
    assert same == sorted(same)


def test_pages_make_up_the_whole_list(shared: Index) -> None:
    for order in ("relevance", "updated", "title"):
        whole = ids(shared, f"q=building permits&order={order}")
        paged = [
            one for start in range(6) for one in ids(shared, f"q=building permits&order={order}&limit=1&offset={start}")
        ]
        assert paged == whole


def test_each_facet_is_counted_without_its_own_filter(shared: Index) -> None:
    results = ask(shared, "q=building permits&city=seattle&kind=table")
    assert results.total == 2
    assert counts(results, "city") == {"seattle": 2, "chicago": 1, "san_francisco": 1}
    assert counts(results, "kind") == {"table": 2, "chart": 1, "map_layer": 1}
    assert results.facets["city"][0] == Count("seattle", "Seattle", 2, chosen=True)
    assert counts(results, "format") == {"CSV": 2, "GeoJSON": 1}


def test_updated_since_counts_grow_with_the_days(shared: Index) -> None:
    found = ask(shared, "").facets["since"]
    assert [(one.label, one.value) for one in found[:2]] == [("30", "2026-01-02"), ("365", "2025-02-01")]
    assert [one.count for one in found] == [1, 1, len(DOCUMENTS) - 3, len(DOCUMENTS) - 2]
    chosen = ask(shared, "since=2026-01-02")
    assert [one.chosen for one in chosen.facets["since"]] == [True, False, False, False]
    assert chosen.facets["since"][2].count == len(DOCUMENTS) - 3


def test_a_chosen_value_that_finds_nothing_is_still_there(shared: Index) -> None:
    results = ask(shared, "city=atlantis")
    assert results.facets["city"][0] == Count("atlantis", "atlantis", 0, chosen=True)
    assert results.suggestions.without == (("city", Query(), len(DOCUMENTS)),)


def test_no_results_says_what_would_have_some(shared: Index) -> None:
    results = ask(shared, "q=building permits&city=chicago&kind=chart")
    assert (results.total, results.hits) == (0, ())
    totals = {name: total for name, _, total in results.suggestions.without}
    assert totals == {"city": 1, "kind": 1, "": 6}
    assert ask(shared, "q=xyzzyplugh").suggestions.without == ()


def test_marks_in_title_and_description(shared: Index) -> None:
    hit = next(hit for hit in ask(shared, "q=crime").hits if hit.id == "chicago/ijzp-q8t2")
    assert hit.title == (Piece("Crimes", marked=True), Piece(" - 2001 to Present", marked=False))
    assert Piece("crime", marked=True) in hit.snippet


def test_a_snippet_shows_where_the_words_are(tmp_path: Path) -> None:
    text = f"{'Nothing of interest here. ' * 40}At last a pothole & <b>more</b>. {'And so on. ' * 60}"
    index = Index(tmp_path)
    index.rebuild([make("chicago/a", "Streets", description=text)], generation=1)
    shown = "".join(piece.text for piece in search(index, Query(words="potholes")).hits[0].snippet)
    assert "a pothole & <b>more</b>" in shown
    assert len(shown) < 250
    assert shown[0] == shown[-1] == "…"


HARD = (
    st.text()
    | st.text(alphabet="\"“-+*:()[]{}/\\^~?'_ aé\ud800\x00", max_size=30)
    | st.from_regex(r"\S+:[/\[]{0,3}\S+")
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(words=HARD, order=st.sampled_from(["relevance", "updated", "title"]))
def test_any_input_is_answered(shared: Index, words: str, order: str) -> None:
    query = Query(words=words, order=order, limit=3)  # type: ignore[arg-type] # one of the three
    results = search(shared, query, today=TODAY)
    assert len(results.hits) == min(3, results.total)
    assert results == search(shared, query, today=TODAY)
