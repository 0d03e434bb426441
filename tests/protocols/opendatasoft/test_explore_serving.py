"""The Explore API as any program may ask it: listings, searches, exports, facets, and errors in its own words."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.test import Client as Browser

from commonground.protocols.base import Holdings
from commonground.protocols.opendatasoft.query import Order, Unclear, parse
from commonground.protocols.opendatasoft.serve import app
from commonground.words import Raw

BASE = "/api/explore/v2.1/catalog"


def dataset(name: str, **facts: Any) -> Raw:
    default = {"title": name.replace("-", " ").title(), **facts}
    return {"dataset_id": name, "dataset_uid": f"da_{name[:6]}", "has_records": True, "metas": {"default": default}}


RECORDS = [
    dataset("crime-reports", keyword=["crime", "safety"], publisher="Police", modified="2024-01-01T00:00:00+00:00")
    | {"features": ["analyze", "geo"]},
    dataset(
        "crime-maps", keyword=["crime"], publisher="Police", modified="2024-03-01T00:00:00+00:00", records_count=90
    ),
    dataset("food", theme=["Food, drink"], publisher="Health", modified="2024-02-01T00:00:00+02:00", records_count=9)
    | {"has_records": False, "features": ["analyze"]},
]


@pytest.fixture(scope="module")
def browser() -> Browser:
    return Browser(app(Holdings("data.example.gov", RECORDS)))


def ask(browser: Browser, path: str, **parameters: Any) -> Any:
    response = browser.get(f"{BASE}/{path}", query_string=parameters)
    assert response.status_code == 200, response.text
    return json.loads(response.data)


def refused(browser: Browser, path: str, **parameters: Any) -> tuple[int, str, str]:
    response = browser.get(f"{BASE}/{path}", query_string=parameters)
    answer = json.loads(response.data)
    assert answer.keys() == {"error_code", "message"}
    return response.status_code, answer["error_code"], answer["message"]


def names(browser: Browser, **parameters: Any) -> list[str]:
    return [one["dataset_id"] for one in ask(browser, "datasets", **parameters)["results"]]


ALL = {"crime-reports", "crime-maps", "food"}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("", ALL),
        ('"crime"', {"crime-reports", "crime-maps"}),
        ("'crime safety'", {"crime-reports"}),
        ('search("CRIME") and not search(keyword, "safety")', {"crime-maps"}),
        ('startswith(title, "crime ma")', {"crime-maps"}),
        ('publisher = "Health"', {"food"}),
        ('publisher: "police" AND keyword = "safety"', {"crime-reports"}),
        ('publisher != "Police"', {"food"}),
        ('(keyword = "safety" or theme = "Food, drink")', {"crime-reports", "food"}),
        ('`default.publisher` in ("Health", "Fire")', {"food"}),
        ('dataset_id like "maps"', {"crime-maps"}),
        ("modified > date'2024-02-01'", {"crime-maps"}),
        ("modified <= date'2024-01-31T22:00:00Z'", {"crime-reports", "food"}),
        ("records_count >= 9", {"crime-maps", "food"}),
        ("records_count < 10", {"food"}),
        ("records_count is null", {"crime-reports"}),
        ("theme is not null", {"food"}),
        ("has_records = true", {"crime-reports", "crime-maps"}),
        ('features: "geo"', {"crime-reports"}),
        ("dcat.issued is null", ALL),
    ],
)
def test_searches(browser: Browser, where: str, expected: set[str]) -> None:
    assert set(names(browser, where=where)) == expected
    assert {one["dataset_id"] for one in ask(browser, "exports/json", where=where)} == expected


@pytest.mark.parametrize(
    "where",
    [
        '"open',
        "(",
        "title",
        "title =",
        "title = =",
        'title in "a"',
        "is null",
        '"a" or',
        ")",
        'search("a"',
        "modified > 'x'",
    ],
)
def test_unclear_searches_are_refused(browser: Browser, where: str) -> None:
    status, code, message = refused(browser, "datasets", where=where)
    assert (status, code[:5]) == (400, "ODSQL")
    assert message.startswith("ODSQL")


def test_what_is_not_offered_is_refused_and_not_guessed(browser: Browser) -> None:
    assert refused(browser, "datasets", where="distance(geom, x) = 1")[0] == 400
    assert (
        refused(browser, "datasets", where="shoe_size = 3")[2] == "ODSQL query is malformed: Unknown field: shoe_size"
    )
    assert refused(browser, "datasets", order_by="shoe_size")[:2] == (400, "ODSQLError")
    assert refused(browser, "datasets", order_by="title upwards")[:2] == (400, "ODSQLError")
    assert refused(browser, "datasets", select="title")[:2] == (400, "ODSQLError")
    assert refused(browser, "datasets", group_by="publisher")[:2] == (400, "ODSQLError")
    assert refused(browser, "datasets", refine="publisher")[:2] == (400, "InvalidRESTParameterError")
    assert refused(browser, "facets", facet="shoe_size")[:2] == (400, "ODSQLError")


@given(st.one_of(st.text(), st.text("ab=:()[]\"'\\- ,<>ORANDNOTINISdate20")))
@example("(" * 500)
@example("not " * 500)
def test_any_text_is_understood_or_refused(query: str) -> None:
    with suppress(Unclear):
        Order.parse(query)(RECORDS)
    with suppress(Unclear):
        assert parse(query)(RECORDS[0]) in {True, False}


def test_order_limit_and_offset(browser: Browser) -> None:
    assert names(browser, order_by="dataset_id") == ["crime-maps", "crime-reports", "food"]
    assert names(browser, order_by="modified desc") == ["crime-maps", "food", "crime-reports"]
    assert names(browser, order_by="-records_count, title asc") == ["crime-maps", "food", "crime-reports"]
    assert names(browser, order_by="dataset_id", limit=1, offset=1) == ["crime-reports"]
    answer = ask(browser, "datasets", limit=0)
    assert answer == {"total_count": 3, "results": []}
    assert len(names(browser, limit=-1)) == 3
    assert len(ask(browser, "exports/json", limit=2)) == 2


@pytest.mark.parametrize("parameters", [{"limit": 101}, {"limit": -2}, {"limit": "many"}, {"offset": -1}])
def test_numbers_out_of_bounds_are_refused(browser: Browser, parameters: dict[str, Any]) -> None:
    status, code, message = refused(browser, "datasets", **parameters)
    assert (status, code) == (400, "InvalidRESTParameterError")
    assert f"{next(iter(parameters.values()))} was found" in message


def test_a_listing_ends_at_ten_thousand(browser: Browser) -> None:
    assert names(browser, offset=9_900, limit=99) == []
    assert refused(browser, "datasets", offset=9_900, limit=100)[:2] == (400, "InvalidRESTParameterError")


def test_a_page_has_ten_unless_asked() -> None:
    many = Browser(app(Holdings("data.example.gov", [dataset(f"p-{number}") for number in range(120)])))
    assert len(names(many)) == 10
    assert len(names(many, limit=100)) == len(names(many, limit=-1)) == 100
    assert len(ask(many, "exports/json")) == 120


def test_one_dataset_by_either_name(browser: Browser) -> None:
    assert ask(browser, "datasets/food") == ask(browser, "datasets/da_food/") == RECORDS[2]
    assert refused(browser, "datasets/none")[:2] == (404, "NotFoundResource")


def test_exports_and_facets(browser: Browser) -> None:
    assert [link["rel"] for link in ask(browser, "exports")["links"]] == ["self", "json"]
    assert refused(browser, "exports/rdf")[0] == 404
    (facet,) = ask(browser, "facets", facet="publisher")["facets"]
    assert facet["name"] == "publisher"
    assert [(one["name"], one["count"], one["state"]) for one in facet["facets"]] == [
        ("Police", 2, "displayed"),
        ("Health", 1, "displayed"),
    ]
    assert {one["name"] for one in ask(browser, "facets")["facets"]} >= {"theme", "keyword", "publisher"}
    assert names(browser, refine='theme:"Food, drink"') == ["food"]
    assert set(names(browser, exclude="keyword:safety")) == {"crime-maps", "food"}


def test_other_addresses(browser: Browser) -> None:
    response = browser.get("/api/explore/v2.1/catalog/elsewhere")
    assert response.status_code == 404
    assert json.loads(response.data)["error_code"] == "NotFound"


def test_odd_records_do_not_stop_the_portal() -> None:
    odd: list[Raw] = [
        {},
        {"dataset_id": None, "metas": "none", "features": 5},
        {"dataset_id": ["a"], "metas": {"default": [1]}, "fields": {}},
        {
            "dataset_id": "b",
            "metas": {"default": {"keyword": [None, 5, {"x": 1}], "modified": 7, "title": {"en": "B"}}},
        },
    ]
    browser = Browser(app(Holdings("data.example.gov", odd)))
    assert ask(browser, "datasets", order_by="modified, keyword, title", where="not keyword = 'x'")["total_count"] == 4
    assert len(ask(browser, "exports/json", where="modified > date'2020-01-01' or modified is null")) >= 3
    assert isinstance(ask(browser, "facets")["facets"], list)
