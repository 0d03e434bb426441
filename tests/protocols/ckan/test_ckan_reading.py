"""Boston's recording through real HTTP; and what other servers may answer."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from commonground.errors import Absent, Disagrees, PortalError, Unreachable, Unreadable
from commonground.protocols.base import Notes
from commonground.protocols.ckan.read import Ckan
from commonground.protocols.serving import answer
from commonground.words import ColumnType, Kind, Portal, Raw

READER = Ckan()
SEARCH = "/api/3/action/package_search"
DATASTORE = "/api/3/action/datastore_search"


def listed(portal: Portal, client: Any) -> list[Raw]:
    return [record for page in READER.pages(portal, client) for record in page.records]


def found(count: int, results: list[Any]) -> Response:
    return answer({"success": True, "result": {"count": count, "results": results}})


def package(**facts: Any) -> Raw:
    return {"id": "p1", "name": "p-one", "title": "One", **facts}


def read(portal: Portal, **facts: Any) -> tuple[Any, list[str]]:
    notes = Notes("p1")
    return READER.normalize(package(**facts), portal, notes), [one.code for one in notes.found]


def test_a_recording_comes_out_as_it_went_in(portal: Portal, serving: Any, boston: list[Raw]) -> None:
    assert len(boston) == 118
    with serving(boston) as (_, client):
        pages = list(READER.pages(portal, client))
        assert [page.declared for page in pages] == [118]
        listing = [record for page in pages for record in page.records]
        notes = Notes()
        whole = [READER.complete(record, portal, client, notes) for record in listing]
    assert notes.found == []
    assert whole == sorted(boston, key=lambda record: record["id"])


def test_a_second_reading_changes_nothing(portal: Portal, serving: Any, boston: list[Raw]) -> None:
    with serving(boston) as (_, client):
        first = {record["id"]: READER.canonical(record) for record in listed(portal, client)}
        second = {record["id"]: READER.canonical(record) for record in listed(portal, client)}
    assert first == second
    # The completed record compares equal to the listed one, for a listing never tells columns.
    assert first == {record["id"]: READER.canonical(record) for record in boston}


def test_pages_are_followed_to_the_end(
    portal: Portal, serving: Any, boston: list[Raw], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commonground.protocols.ckan.read.PAGE", 50)
    with serving(boston) as (_, client):
        pages = list(READER.pages(portal, client))
    assert [len(page.records) for page in pages] == [50, 50, 18]
    assert len({record["id"] for page in pages for record in page.records}) == 118


def test_boston_is_normalized_without_a_finding(portal: Portal, boston: list[Raw]) -> None:
    for raw in boston:
        notes = Notes()
        dataset = READER.normalize(raw, portal, notes)
        assert notes.found == []
        assert dataset.id == f"boston/{raw['id']}"
        assert dataset.title == raw["title"]
        assert dataset.publisher == " ".join(raw["organization"]["title"].split())
        assert dataset.license is not None
        assert dataset.license.spdx == "PDDL-1.0"
        (resource,) = raw["resources"]
        fields = [field["id"] for field in resource["x_datastore_fields"] if field["id"] != "_id"]
        # 15 packages are maps and files outside the datastore: their columns are not known.
        assert dataset.columns is None or [column.field for column in dataset.columns] == fields
        assert (dataset.columns is not None) == resource["datastore_active"]
        assert dataset.kind is Kind.TABLE
        assert dataset.landing_page == f"https://data.boston.gov/dataset/{raw['name']}"


def test_canonical_ignores_order_and_counters(boston: list[Raw]) -> None:
    raw = copy.deepcopy(boston[0])
    raw["tracking_summary"] = {"total": 12}
    raw["num_tags"] = 99
    raw["tags"].reverse()
    raw["organization"]["package_count"] = 5
    assert READER.canonical(raw) == READER.canonical(boston[0])
    raw["tags"].pop()
    assert READER.canonical(raw) != READER.canonical(boston[0])


def test_canonical_survives_any_shape() -> None:
    odd: Raw = {
        "id": "x",
        "tags": "a,b",
        "resources": [{"position": "1"}, 3, None, {"position": 2}],
        "groups": {"a": [1]},
    }
    assert READER.canonical(odd) == READER.canonical({**odd, "resources": list(reversed(odd["resources"]))})


@pytest.mark.parametrize("odd", [None, "", "  ", 7, {}, []])
def test_a_record_without_an_id_is_told(odd: Any) -> None:
    with pytest.raises(ValueError, match="id"):
        READER.native_id({"id": odd})


def test_a_server_that_ignores_start_is_left(portal: Portal, answering: Any) -> None:
    def forever(_: Request) -> Response:
        return found(1000, [{"id": "a"}, {"id": "b"}])

    with answering({SEARCH: forever}) as (_, client):
        pages = list(READER.pages(portal, client))
    assert [len(page.records) for page in pages] == [2, 0]
    assert [finding.code for finding in pages[1].findings] == ["paging-ignored"]


def test_an_empty_page_before_the_total_ends_the_listing(portal: Portal, answering: Any) -> None:
    def short(request: Request) -> Response:
        return found(10, [{"id": "a"}, "no package"] if request.args["start"] == "0" else [])

    with answering({SEARCH: short}) as (_, client):
        pages = list(READER.pages(portal, client))
    assert [list(page.records) for page in pages] == [[{"id": "a"}]]
    assert pages[0].declared == 10
    assert [finding.code for finding in pages[0].findings] == ["record-unusable"]


@pytest.mark.parametrize(
    ("body", "error", "says"),
    [
        ({"results": [], "resultSetSize": 0}, Absent, "not as CKAN does"),
        ([], Absent, "not as CKAN does"),
        ({"success": False, "error": {"__type": "Search Error", "message": "solr is down"}}, Disagrees, "solr is"),
        ({"success": True, "result": {"count": 3}}, Disagrees, "without a list"),
        ({"success": True, "result": []}, Disagrees, "without a list"),
    ],
)
def test_other_answers_are_clear_errors(
    portal: Portal, answering: Any, body: Any, error: type[PortalError], says: str
) -> None:
    with answering({SEARCH: lambda _: answer(body)}) as (_, client), pytest.raises(error, match=says):
        listed(portal, client)


def test_a_site_without_the_api_is_absent(portal: Portal, answering: Any) -> None:
    with answering({}) as (_, client), pytest.raises(Absent, match="no CKAN Action API"):
        listed(portal, client)


def test_html_is_unreadable(portal: Portal, answering: Any) -> None:
    page = Response("<!DOCTYPE html><p>Welcome", content_type="text/html")
    with answering({SEARCH: lambda _: page}) as (_, client), pytest.raises(Unreadable, match="HTML"):
        listed(portal, client)


def test_a_resource_that_the_datastore_does_not_know_is_noted(portal: Portal, answering: Any) -> None:
    def datastore(request: Request) -> Response:
        if request.args["resource_id"] == "gone":
            error = {"__type": "Not Found Error", "message": "Not found: Resource was not found."}
            return answer({"success": False, "error": error}, 404)
        return answer({"success": True, "result": {"fields": [{"id": "_id", "type": "int"}], "total": 3}})

    raw = package(resources=[{"id": "gone", "datastore_active": True}, {"id": "here", "datastore_active": "True"}, {}])
    before = copy.deepcopy(raw)
    notes = Notes("p1")
    with answering({DATASTORE: datastore}) as (_, client):
        whole = READER.complete(raw, portal, client, notes)
        # Told resources are not asked again: only the lost one can be noted twice.
        assert READER.complete(whole, portal, client, Notes()) == whole
    assert raw == before
    assert [(one.code, one.place, one.sample) for one in notes.found] == [("datastore-missing", "resources[0]", "gone")]
    assert whole["resources"][1]["x_datastore_total"] == 3
    assert "x_datastore_fields" not in whole["resources"][0]


def test_nothing_is_asked_when_all_is_there(portal: Portal, answering: Any, boston: list[Raw]) -> None:
    with answering({}) as (_, client):
        assert READER.complete(boston[0], portal, client, Notes()) is boston[0]


def test_a_datastore_that_is_down_is_no_missing_resource(portal: Portal, answering: Any) -> None:
    raw = package(resources=[{"id": "r", "datastore_active": True}])
    down = answering({DATASTORE: lambda _: answer({}, 502)})
    with down as (_, client), pytest.raises(Unreachable):
        READER.complete(raw, portal, client, Notes())


def test_bostons_own_facts(portal: Portal) -> None:
    dataset, codes = read(
        portal,
        title_translated={"en": "One"},
        notes_translated={"en": "**Bold** <script>alert(1)</script>[x](javascript:alert(1))"},
        publisher="Department of Innovation and Technology",
        organization={"name": "boston-maps", "title": "Boston Maps"},
        btype="geospatial",
        accrual_periodicity="R/P1D",
        released="2017-02-01",
        modified="2024-05-06",
        temporal_from="2010-01-01",
        theme=["environment", "Health"],
        maintainer="Jane Doe",
        maintainer_email="opendata@boston.gov",
        relationships_as_subject=[{"type": "child_of", "object_package_id": "p0"}],
        resources=[{"url": "https://x.example/a.csv", "format": "CSV", "last_modified": "2024-05-07T01:02:03.000004"}],
    )
    assert dataset.publisher == "Department of Innovation and Technology"
    assert codes == ["organization-differs"]
    assert dataset.kind is Kind.MAP_LAYER
    assert dataset.frequency.days == 1
    assert dataset.issued.text == "2017-02-01"
    assert dataset.modified.text == "2024-05-06"
    assert dataset.data_updated.at.isoformat() == "2024-05-07T01:02:03.000004+00:00"
    assert (dataset.temporal.start.year, dataset.temporal.end) == (2010, None)
    assert dataset.themes == ("environment", "Health")
    assert dataset.parents == ("p0",)
    assert (dataset.contact.name, dataset.contact.email) == ("opendata@boston.gov", "opendata@boston.gov")
    assert "<strong>Bold</strong>" in dataset.description_html
    assert "<script" not in dataset.description_html
    assert "href" not in dataset.description_html


def test_extras_stand_in_for_facts(portal: Portal) -> None:
    dataset, codes = read(
        portal,
        extras=[
            {"key": "frequency", "value": "weekly"},
            {"key": "spatial", "value": '{"type":"Polygon","coordinates":[[[-71,42],[-70,42],[-70,43],[-71,42]]]}'},
            {"key": "temporal_start", "value": "2010"},
            {"key": "temporal_end", "value": "2012"},
            {"key": "theme", "value": '["http://example.org/theme/a", "Transport"]'},
            {"key": "publisher_name", "value": "City Clerk"},
            "no pair",
        ],
    )
    assert dataset.frequency.days == 7
    assert (dataset.spatial.west, dataset.spatial.north) == (-71, 43)
    assert (dataset.temporal.start.year, dataset.temporal.end.year) == (2010, 2012)
    assert dataset.themes == ("http://example.org/theme/a", "Transport")
    assert dataset.publisher == "City Clerk"
    assert codes == ["wrong-type"]


def test_people_are_no_contacts(portal: Portal) -> None:
    people = '[{"given_name": "Data", "name": "Officer", "email": "opendata@example.org"}]'
    dataset, _ = read(portal, author=people, maintainer="Jane Doe", maintainer_email="jane.doe@example.org")
    assert dataset.contact is None
    assert dataset.publisher == ""


@pytest.mark.parametrize(
    ("resources", "kind"),
    [
        ([("PDF", "a.pdf")], Kind.FILE),
        ([("HTML", "page")], Kind.LINK),
        ([("SHP", "a.zip"), ("PDF", "a.pdf")], Kind.MAP_LAYER),
        ([("GeoJSON", "a.geojson"), ("CSV", "a.csv")], Kind.TABLE),
        ([("API", "v1/things")], Kind.SERVICE),
        ([], Kind.OTHER),
    ],
)
def test_the_kind_follows_the_formats(portal: Portal, resources: list[tuple[str, str]], kind: Kind) -> None:
    ways = [{"format": given, "url": f"https://x.example/{path}"} for given, path in resources]
    assert read(portal, resources=ways)[0].kind is kind


def table(ids: list[str], total: int | None, **facts: Any) -> Raw:
    fields = [{"id": "_id", "type": "int"}, *({"id": name, "type": "numeric"} for name in ids)]
    return {"url": "", "datastore_active": True, "x_datastore_fields": fields, "x_datastore_total": total, **facts}


def test_slices_of_one_table_are_added(portal: Portal) -> None:
    dataset, codes = read(portal, resources=[table(["a", "b"], 3), table(["a", "b"], 4), table(["z"], 5)])
    assert [(column.field, column.type) for column in dataset.columns] == [
        ("a", ColumnType.NUMBER),
        ("b", ColumnType.NUMBER),
    ]
    assert dataset.row_count == 7
    assert codes == ["resources-differ"]
    assert read(portal, resources=[table(["a"], 3), table(["a"], None)])[0].row_count is None


def test_columns_are_those_of_the_first_resource_by_position(portal: Portal) -> None:
    dataset, _ = read(portal, resources=[table(["second"], 1, position=1), table(["first"], 2, position=0)])
    assert [column.field for column in dataset.columns] == ["first"]


def test_the_data_dictionary_names_columns(portal: Portal) -> None:
    field = {"id": "amt", "type": "numeric", "info": {"label": "Amount", "notes": "In dollars", "type_override": ""}}
    dataset, _ = read(portal, resources=[{"datastore_active": True, "x_datastore_fields": [field, 5, {"type": "x"}]}])
    (column,) = dataset.columns
    assert (column.name, column.field, column.description) == ("Amount", "amt", "In dollars")


def test_unknown_columns_are_not_none_at_all(portal: Portal) -> None:
    assert read(portal, resources=[{"url": "https://x.example/a.csv"}])[0].columns is None
    assert read(portal, resources=[table([], 0)])[0].columns == ()


ODD: list[Any] = [None, 5, 1.5, True, "", "[]", "{}", "\x00\ud800", [], [[]], [None], {}, {"en": 5}, {"a": {"b": []}}]
PLACES = [
    *("title", "name", "notes", "organization", "groups", "tags", "extras", "resources", "license_id", "license_title"),
    *("license_url", "metadata_created", "metadata_modified", "publisher", "spatial", "temporal", "temporal_from"),
    *("theme", "keywords", "maintainer", "author", "contact_points", "temporals", "relationships_as_subject", "btype"),
    *("accrual_periodicity", "bbox"),
]


@pytest.mark.parametrize("place", PLACES)
def test_one_odd_field_never_loses_a_record(portal: Portal, place: str) -> None:
    for odd in ODD:
        assert read(portal, **{place: odd})[0].native_id == "p1"


@pytest.mark.parametrize(
    "place", ["url", "name", "format", "mimetype", "position", "last_modified", "license", "x_datastore_fields"]
)
def test_one_odd_field_of_a_resource_never_loses_a_record(portal: Portal, place: str) -> None:
    for odd in ODD:
        raw = package(resources=[{"url": "https://x.example/a.csv", "x_datastore_total": odd, place: odd}])
        assert READER.normalize(raw, portal, Notes()).native_id == "p1"
