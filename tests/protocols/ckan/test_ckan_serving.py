"""The Action API as any program may ask it: envelopes, errors, searches, facets."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.test import Client as Browser

from commonground.protocols.base import Holdings
from commonground.protocols.ckan.query import Order, Unclear, parse
from commonground.protocols.ckan.serve import app
from commonground.words import Raw


def package(name: str, **facts: Any) -> Raw:
    return {"id": f"id-{name}", "name": name, "title": name.replace("-", " ").title(), **facts}


POLICE = {"id": "org-1", "name": "police-department", "title": "Police Department"}
HEALTH = {"name": "health", "title": "Health Commission"}
TABLE = {"x_datastore_fields": [{"id": "_id", "type": "int"}], "x_datastore_total": 7}
RESOURCES = [
    {"id": "r1", "url": "https://x.example/1.csv", "format": "CSV", "datastore_active": True, **TABLE},
    {"id": "r2", "url": "https://x.example/1.pdf", "format": "PDF"},
]
PACKAGES = [
    package("crime-reports", organization=POLICE, tags=[{"name": "crime"}, {"name": "safety"}], resources=RESOURCES)
    | {"metadata_modified": "2024-01-01T00:00:00", "license_id": "cc-by", "license_title": "CC BY", "private": False},
    package("crime-maps", organization=POLICE, tags=[{"name": "crime"}], groups=[{"name": "g1", "title": "Group 1"}])
    | {"metadata_modified": "2024-03-01T00:00:00", "notes": "Where (and when) it happened"},
    package(
        "food-inspections", organization=HEALTH, tags=[{"name": "food & drink"}], extras=[{"key": "k", "value": "v"}]
    )
    | {"metadata_modified": "2024-02-01T00:00:00"},
]


@pytest.fixture(scope="module")
def browser() -> Browser:
    return Browser(app(Holdings("data.example.gov", PACKAGES)))


def ask(browser: Browser, action: str, **parameters: Any) -> Any:
    response = browser.get(f"/api/3/action/{action}", query_string=parameters)
    assert response.status_code == 200, response.text
    answer = json.loads(response.data)
    assert set(answer) == {"help", "success", "result"}
    assert answer["help"] == f"https://data.example.gov/api/3/action/help_show?name={action}"
    assert answer["success"] is True
    return answer["result"]


def refused(browser: Browser, action: str, **parameters: Any) -> tuple[int, Any]:
    response = browser.get(f"/api/3/action/{action}", query_string=parameters)
    answer = json.loads(response.data)
    assert answer["success"] is False
    return response.status_code, answer["error"]


def names(browser: Browser, **parameters: Any) -> list[str]:
    return [one["name"] for one in ask(browser, "package_search", **parameters)["results"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"crime-reports", "crime-maps", "food-inspections"}),
        ("*:*", {"crime-reports", "crime-maps", "food-inspections"}),
        ("crime", {"crime-reports", "crime-maps"}),
        ("crime safety", {"crime-reports"}),
        ("CRIME AND NOT safety", {"crime-maps"}),
        ("crime -safety", {"crime-maps"}),
        ("safety OR food", {"crime-reports", "food-inspections"}),
        ('"food inspections"', {"food-inspections"}),
        ("organization:police-department", {"crime-reports", "crime-maps"}),
        ('+organization:"health"', {"food-inspections"}),
        ("-organization:health", {"crime-reports", "crime-maps"}),
        ('tags:"food & drink"', {"food-inspections"}),
        ('tags:(safety OR "food & drink")', {"crime-reports", "food-inspections"}),
        ("tags:food", set()),
        ("tags:food*", {"food-inspections"}),
        ("res_format:csv AND license_id:cc-by", {"crime-reports"}),
        ("groups:g1", {"crime-maps"}),
        ("extras_k:v", {"food-inspections"}),
        ("name:crime-*", {"crime-reports", "crime-maps"}),
        ("title:maps", {"crime-maps"}),
        ("notes:[* TO *]", {"crime-maps"}),
        ("metadata_modified:[2024-02-01T00:00:00Z TO *]", {"crime-maps", "food-inspections"}),
        ("metadata_modified:[* TO 2024-02-15T00:00:00Z]", {"crime-reports", "food-inspections"}),
        (r"notes:\(and", {"crime-maps"}),
        ("private:false", {"crime-reports"}),
        ("license_id:*", {"crime-reports"}),
    ],
)
def test_searches_by_q_and_fq(browser: Browser, query: str, expected: set[str]) -> None:
    assert set(names(browser, q=query)) == expected
    assert set(names(browser, fq=query)) == expected
    assert set(names(browser, fq_list=json.dumps([query]))) == expected


@pytest.mark.parametrize(
    "query", ['"open', "(a", "a)", "tags:(a OR", "x:[1 TO", "x:[1]", "OR", "a OR", "*a*b*c*d*e*f*"]
)
def test_unclear_searches_are_refused(browser: Browser, query: str) -> None:
    status, error = refused(browser, "package_search", q=query)
    assert (status, error["__type"]) == (400, "Search Query Error")
    assert error["message"].startswith("Search Query is invalid")


@given(st.one_of(st.text(), st.text('ab:*()[]"\\- TORAND+')))
@example("(" * 500)
def test_any_text_is_understood_or_refused(query: str) -> None:
    with suppress(Unclear):
        Order.parse(query)(PACKAGES)
    with suppress(Unclear):
        assert parse(query)(PACKAGES[0]) in {True, False}


def test_order_start_and_rows(browser: Browser) -> None:
    assert names(browser) == ["crime-maps", "food-inspections", "crime-reports"]
    assert names(browser, sort="metadata_modified asc") == ["crime-reports", "food-inspections", "crime-maps"]
    assert names(browser, sort="organization desc, name asc") == ["crime-maps", "crime-reports", "food-inspections"]
    assert names(browser, sort="title_string asc", rows=1, start=1) == ["crime-reports"]
    answer = ask(browser, "package_search", rows=0)
    assert (answer["count"], answer["results"]) == (3, [])
    assert refused(browser, "package_search", sort="title upwards")[0] == 400
    assert refused(browser, "package_search", rows="many") == (
        409,
        {"__type": "Validation Error", "rows": ["Invalid integer"]},
    )
    assert refused(browser, "package_search", start=-1)[0] == 409


def test_rows_are_capped() -> None:
    many = Browser(app(Holdings("data.example.gov", [package(f"p-{number}") for number in range(1200)])))
    assert len(ask(many, "package_search", rows=100_000)["results"]) == 1000


def test_facets(browser: Browser) -> None:
    answer = ask(browser, "package_search", **{"facet.field": '["organization","tags"]', "rows": 0})
    assert answer["facets"]["organization"] == {"police-department": 2, "health": 1}
    assert answer["search_facets"]["tags"] == {
        "title": "tags",
        "items": [
            {"name": "crime", "display_name": "crime", "count": 2},
            {"name": "food & drink", "display_name": "food & drink", "count": 1},
            {"name": "safety", "display_name": "safety", "count": 1},
        ],
    }
    limited = ask(browser, "package_search", **{"facet.field": "tags", "facet.limit": 1})
    assert limited["facets"] == {"tags": {"crime": 2}}
    assert ask(browser, "package_search", **{"facet.field": "tags", "facet": "false"})["facets"] == {}


def test_lists(browser: Browser) -> None:
    assert ask(browser, "package_list") == ["crime-maps", "crime-reports", "food-inspections"]
    assert ask(browser, "package_list", limit=1, offset=1) == ["crime-reports"]
    assert ask(browser, "organization_list") == ["health", "police-department"]
    assert ask(browser, "group_list") == ["g1"]
    assert ask(browser, "tag_list") == ["crime", "food & drink", "safety"]
    assert ask(browser, "tag_list", query="FOOD") == ["food & drink"]
    assert ask(browser, "license_list") == [{"id": "cc-by", "title": "CC BY", "url": "", "status": "active"}]
    described = ask(browser, "organization_list", all_fields="true")
    assert [(one["title"], one["package_count"]) for one in described] == [
        ("Health Commission", 1),
        ("Police Department", 2),
    ]


def test_organizations_and_groups(browser: Browser) -> None:
    found = ask(browser, "organization_show", id="org-1", include_datasets="true")
    assert found["name"] == "police-department"
    assert found["is_organization"] is True
    assert [one["name"] for one in found["packages"]] == ["crime-reports", "crime-maps"]
    assert "packages" not in ask(browser, "group_show", id="g1")
    assert refused(browser, "group_show", id="g2")[0] == 404


def test_status(browser: Browser) -> None:
    status = ask(browser, "status_show")
    assert status["site_url"] == "https://data.example.gov"
    assert status["ckan_version"].startswith("2.")
    assert ask(browser, "site_read") is True
    assert json.loads(browser.get("/api/3").data) == {"version": 3}


def test_the_datastore_tells_what_packages_hide(browser: Browser) -> None:
    shown = ask(browser, "package_show", id="crime-reports")
    assert not [key for resource in shown["resources"] for key in resource if key.startswith("x_")]
    told = ask(browser, "datastore_search", resource_id="r1", limit=0)
    assert (told["fields"], told["total"], told["records"]) == ([{"id": "_id", "type": "int"}], 7, [])
    assert refused(browser, "datastore_search", resource_id="r2")[1] == {
        "__type": "Not Found Error",
        "message": 'Not found: Resource "r2" was not found.',
    }
    assert refused(browser, "datastore_search") == (
        409,
        {"__type": "Validation Error", "resource_id": ["Missing value"]},
    )


def test_every_way_to_ask_gives_the_same_answer(browser: Browser) -> None:
    given = {"id": "crime-maps"}
    answers = [
        browser.get("/api/action/package_show?id=crime-maps"),
        browser.get("/api/3/action/package_show/?id=crime-maps"),
        browser.post("/api/3/action/package_show", json=given),
        browser.post("/api/action/package_show", data=given),
        # `curl -d '{"id": …}'` sends JSON under a form's content type.
        browser.post(
            "/api/3/action/package_show",
            data=json.dumps(given),
            content_type="application/x-www-form-urlencoded",
        ),
    ]
    assert {response.status_code for response in answers} == {200}
    assert len({response.data for response in answers}) == 1


@pytest.mark.parametrize("body", ["{", "[1]", '"text"', "\x00"])
def test_a_body_that_is_no_object_is_refused(browser: Browser, body: str) -> None:
    response = browser.post("/api/3/action/package_show", data=body, content_type="application/json")
    assert response.status_code == 400
    assert json.loads(response.data)["success"] is False


def test_unknown_actions_and_addresses(browser: Browser) -> None:
    response = browser.get("/api/3/action/package_delete")
    assert response.status_code == 400
    assert json.loads(response.data) == "Bad request - Action name not known: package_delete"
    response = browser.get("/elsewhere")
    assert response.status_code == 404
    assert json.loads(response.data)["error"]["__type"] == "Not Found Error"


def test_odd_records_do_not_stop_the_portal() -> None:
    odd: list[Raw] = [
        {},
        {
            "id": "a",
            "tags": "x,y",
            "resources": "none",
            "organization": "text",
            "groups": [1, None],
            "extras": {"k": 1},
        },
        {
            "id": "b",
            "name": None,
            "tags": ["plain", {"name": None}, 5],
            "resources": [None, {"id": 1}],
            "title": {"en": "B"},
        },
    ]
    browser = Browser(app(Holdings("data.example.gov", odd)))
    assert ask(browser, "package_search", q="plain", **{"facet.field": '["tags","groups","res_format"]'})["count"] == 1
    assert ask(browser, "package_search", rows=10)["count"] == 3
    for action in ("package_list", "tag_list", "organization_list", "group_list", "license_list"):
        assert isinstance(ask(browser, action), list)
