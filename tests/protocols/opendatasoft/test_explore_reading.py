"""Recorded records through real HTTP; and what other servers may answer."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.wrappers import Request, Response

from commonground.errors import Absent, Disagrees, PortalError, Refused, Unreachable, Unreadable
from commonground.protocols.base import Notes
from commonground.protocols.opendatasoft.read import Opendatasoft
from commonground.protocols.serving import answer
from commonground.words import Column, ColumnType, Kind, Portal, Raw

READER = Opendatasoft()
DATASETS = "/api/explore/v2.1/catalog/datasets"
EXPORT = "/api/explore/v2.1/catalog/exports/json"
PORTAL = Portal("example", "example", "Example", "data.example.gov", "opendatasoft", "https://data.example.gov")


def listing(total: Any, results: Any) -> Response:
    return answer({"total_count": total, "results": results})


def numbered(first: int, count: int, **facts: Any) -> list[Raw]:
    return [
        {"dataset_id": f"d-{number:05}", "dataset_uid": f"da_{number:05}", **facts} for number in range(first, count)
    ]


def read(default: Raw | None = None, **facts: Any) -> tuple[Any, list[str]]:
    notes = Notes("da_1b2c3d")
    metas = {"default": {"title": "Trees", **(default or {})}}
    raw = {"dataset_id": "trees", "dataset_uid": "da_1b2c3d", "metas": metas, **facts}
    return READER.normalize(raw, PORTAL, notes), [one.code for one in notes.found]


def test_a_recording_comes_out_as_it_went_in(portal: Portal, serving: Any, recorded: list[Raw]) -> None:
    assert len(recorded) == 9
    with serving(recorded[::-1]) as (_, client):
        (page,) = READER.pages(portal, client)
    assert (page.records, page.declared, page.cursor) == (recorded, 9, "9")


def test_pages_are_followed_to_the_end_and_gone_on_with(portal: Portal, serving: Any) -> None:
    with serving(numbered(0, 250)) as (_, client):
        pages = list(READER.pages(portal, client))
        rest = list(READER.pages(portal, client, pages[0].cursor))
    assert [(len(page.records), page.cursor) for page in pages] == [(100, "100"), (100, "200"), (50, "250")]
    assert rest == pages[1:]


def test_recorded_facts(portal: Portal, recorded: list[Raw]) -> None:
    found: dict[str, Any] = {}
    for raw in recorded:
        notes = Notes()
        found[raw["dataset_id"]] = READER.normalize(raw, portal, notes)
        assert notes.found == []
    first = found["test-a"]
    assert (first.title, first.description, first.publisher) == ("test-a", "test-a-description", "test")
    assert (first.license.text, first.row_count, first.kind) == ("Licence Ouverte (Etalab)", 2, Kind.TABLE)
    assert first.themes == ("Culture, Heritage", "Environment")  # the comma is part of a theme's name
    assert first.keywords == ("keyword1", "keyword2")
    assert first.modified.text == "2015-04-09T10:28:45+00:00"
    assert first.data_updated.text == "2015-06-01T05:30:01+00:00"
    assert first.columns[0] == Column("toto", "toto", ColumnType.TEXT, "text")
    assert first.landing_page == "https://data.example.gov/explore/dataset/test-a/"
    exports = "https://data.example.gov/api/explore/v2.1/catalog/datasets/test-a/exports"
    assert [way.url for way in first.distributions] == [f"{exports}/{form}" for form in ("csv", "json", "parquet")]
    second = found["test-b"]
    assert second.columns[1].type is ColumnType.POINT
    assert [way.format for way in second.distributions] == [
        *("CSV", "JSON", "Parquet", "GeoJSON", "Shapefile", "PDF", "Excel", "ZIP"),
    ]
    assert [way.url.partition("/test-b/")[2] for way in second.distributions[-3:]] == [
        *("attachments/documentation_pdf", "attachments/extra_xls", "alternative_exports/gtfs_zip"),
    ]
    inspire = found["inspire"].spatial
    assert (inspire.west, inspire.south, inspire.east, inspire.north) == (0.1568, 46.4944, 0.5084, 46.6848)
    assert found["inspire"].contact is None  # the recording withholds a person
    empty, files = found["test-c"], found["with-attachments"]
    assert (empty.columns, empty.row_count, empty.distributions, empty.kind) == ((), None, (), Kind.OTHER)
    assert (files.kind, [way.format for way in files.distributions]) == (Kind.FILE, ["PDF", "ZIP"])


def test_the_id_outlives_the_name() -> None:
    raw = {"dataset_id": "trees", "dataset_uid": "da_1b2c3d"}
    assert READER.native_id(raw) == READER.native_id({**raw, "dataset_id": "street-trees"}) == "da_1b2c3d"
    assert READER.native_id({"dataset_id": "trees", "dataset_uid": None}) == "trees"


@pytest.mark.parametrize("odd", [None, "", "  ", 7, {}, []])
def test_a_record_without_any_id_is_told(odd: Any) -> None:
    with pytest.raises(ValueError, match="dataset_uid"):
        READER.native_id({"dataset_uid": odd, "dataset_id": odd})


def test_a_record_without_an_id_for_ever_is_told(portal: Portal, recorded: list[Raw]) -> None:
    notes = Notes()
    dataset = READER.normalize({**recorded[0], "dataset_uid": ""}, portal, notes)
    assert dataset.native_id == recorded[0]["dataset_id"]
    assert [one.code for one in notes.found] == ["id-may-change"]


def test_records_of_other_portals_are_told() -> None:
    dataset, codes = read({"federated": True, "source_domain_address": "rte.opendatasoft.com"}, dataset_id="grid@rte")
    assert codes == ["federated"]
    assert dataset.landing_page == "https://data.example.gov/explore/dataset/grid@rte/"
    assert read({"source_domain": "rte"})[1] == ["federated"]
    assert read({"federated": False, "source_domain_address": PORTAL.host})[1] == []


def test_descriptions_are_made_safe() -> None:
    dataset, _ = read({"description": "<p>R&amp;D <b>now</b><script>alert(1)</script><a href='javascript:x'>y</a></p>"})
    assert dataset.description == "R&D nowy"
    assert "script" not in dataset.description_html
    assert "<b>now</b>" in dataset.description_html or "<strong>now</strong>" in dataset.description_html


def test_rows_that_are_not_public_are_not_offered() -> None:
    dataset, _ = read({"records_count": 5}, has_records=True, data_visible=False, fields=[])
    assert (dataset.columns, dataset.distributions, dataset.row_count) == (None, (), 5)


def test_shapes_make_a_map_layer() -> None:
    fields = [{"name": "geom", "type": "geo_shape"}, {"name": "new", "type": "vector"}]
    dataset, _ = read(has_records=True, fields=fields)
    assert dataset.kind is Kind.MAP_LAYER
    assert [column.type for column in dataset.columns] == [ColumnType.GEOMETRY, ColumnType.UNKNOWN]


def test_a_reference_is_a_way_only_where_there_is_no_other() -> None:
    link = "https://example.org/source"
    assert [way.url for way in read({"references": link})[0].distributions] == [link]
    assert read({"references": link})[0].kind is Kind.LINK
    assert read({"references": "see the library"}) == read()
    assert all(way.url != link for way in read({"references": link}, has_records=True)[0].distributions)


def test_dcat_tells_what_the_usual_metadata_do_not() -> None:
    dcat = {
        "creator": "Department of Parks",
        "contact_name": "Open Data Office",
        "contact_email": "opendata@example.gov",
        "issued": "2020-01-31",
        "accrualperiodicity": "http://publications.europa.eu/resource/authority/frequency/DAILY",
        "temporal_coverage_start": "2010-01-01",
        "spatial": "Springfield",
    }
    ring = [[-122.5, 37.7], [-122.3, 37.7], [-122.3, 37.8], [-122.5, 37.7]]
    box = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": {}}
    dataset, codes = read(metas={"default": {"title": "Trees", "bbox": box}, "dcat": dcat})
    assert codes == []
    assert (dataset.publisher, dataset.contact.email) == ("Department of Parks", "opendata@example.gov")
    assert (dataset.issued.text, dataset.frequency.days) == ("2020-01-31", 1)
    assert (dataset.temporal.start.year, dataset.temporal.end) == (2010, None)
    assert (dataset.spatial.west, dataset.spatial.north) == (-122.5, 37.8)


def test_canonical_ignores_what_changes_by_itself(recorded: list[Raw]) -> None:
    raw = copy.deepcopy(recorded[3])
    raw["metas"]["default"]["metadata_processed"] = "2026-01-01T00:00:00+00:00"
    raw["metas"]["explore"] = {"popularity_score": 7.5, "download_count": 12}
    raw["_links"] = [{"rel": "self", "href": "https://data.example.gov"}]
    raw["metas"]["default"]["keyword"].reverse()
    assert READER.canonical(raw) == READER.canonical(recorded[3])
    raw["metas"]["default"]["data_processed"] = "2026-01-01T00:00:00+00:00"
    assert READER.canonical(raw) != READER.canonical(recorded[3])


def test_a_long_catalog_is_read_as_an_export(portal: Portal, answering: Any) -> None:
    whole = numbered(0, 10_001)
    routes = {DATASETS: lambda _: listing(10_001, whole[:100]), EXPORT: lambda _: answer(whole)}
    with answering(routes) as (_, client):
        pages = list(READER.pages(portal, client))
    assert [one for page in pages for one in page.records] == whole
    assert {(page.declared, page.cursor) for page in pages} == {(10_001, "")}


@pytest.mark.parametrize(
    "export",
    [
        answer({"error_code": "x", "message": "no"}, 403),
        answer({"error_code": "x"}),
        Response("<!DOCTYPE html>", content_type="text/html"),
        answer([{"dataset_id": f"d-{number}"} for number in range(10_001)]),  # no ids for ever
    ],
)
def test_without_an_export_what_can_be_paged_is_given(portal: Portal, answering: Any, export: Response) -> None:
    limits = []

    def paged(request: Request) -> Response:
        offset, limit = int(request.args["offset"]), int(request.args["limit"])
        assert offset + limit < 10_000
        limits.append(limit)
        return listing(20_000, numbered(offset, offset + limit))

    found: list[Raw] = []
    with answering({DATASETS: paged, EXPORT: lambda _: export}) as (_, client):
        pages = READER.pages(portal, client)
        with pytest.raises(Disagrees, match="9,999 of 20,000"):
            found.extend(one for page in pages for one in page.records)
    assert len({one["dataset_uid"] for one in found}) == 9_999
    assert (limits[0], limits[-1]) == (100, 99)


def test_an_export_that_is_down_is_tried_another_day(portal: Portal, answering: Any) -> None:
    routes = {DATASETS: lambda _: listing(10_001, numbered(0, 100)), EXPORT: lambda _: answer({}, 502)}
    with answering(routes) as (_, client), pytest.raises(Unreachable):
        next(READER.pages(portal, client))


@pytest.mark.parametrize("total", [10, None, True, "ten", 1e9, -1])
def test_a_total_that_is_wrong_ends_at_an_empty_page(portal: Portal, answering: Any, total: Any) -> None:
    def short(request: Request) -> Response:
        return listing(total, [*numbered(0, 2), "no object"] if request.args["offset"] == "0" else [])

    with answering({DATASETS: short}) as (_, client):
        pages = list(READER.pages(portal, client))
    assert pages[0].records == numbered(0, 2)
    assert [finding.code for finding in pages[0].findings] == ["record-unusable"]
    assert [one for page in pages[1:] for one in page.records] == []


@pytest.mark.parametrize(
    ("body", "error", "says"),
    [
        ({"success": True, "result": {}}, Absent, "not as Opendatasoft"),
        ([], Absent, "not as Opendatasoft"),
        ({"error_code": "ODSQLError", "message": "Unknown field"}, Disagrees, "Unknown field"),
        ({"total_count": 3}, Disagrees, "no list"),
        ({"total_count": 3, "results": {}}, Disagrees, "no list"),
    ],
)
def test_other_answers_are_clear_errors(
    portal: Portal, answering: Any, body: Any, error: type[PortalError], says: str
) -> None:
    with answering({DATASETS: lambda _: answer(body)}) as (_, client), pytest.raises(error, match=says):
        list(READER.pages(portal, client))


@pytest.mark.parametrize(("status", "error"), [(404, Absent), (410, Absent), (401, Refused)])
def test_a_site_without_the_api_is_absent(
    portal: Portal, answering: Any, status: int, error: type[PortalError]
) -> None:
    with answering({DATASETS: lambda _: answer({}, status)}) as (_, client), pytest.raises(error):
        list(READER.pages(portal, client))


def test_html_is_unreadable(portal: Portal, answering: Any) -> None:
    page = Response("<!DOCTYPE html><p>Welcome", content_type="text/html")
    with answering({DATASETS: lambda _: page}) as (_, client), pytest.raises(Unreadable, match="HTML"):
        list(READER.pages(portal, client))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)
DEFAULT = [
    *("title", "description", "theme", "keyword", "license", "license_url", "publisher", "modified", "data_processed"),
    *("records_count", "bbox", "references", "federated", "source_domain_address", "update_frequency"),
]
DCAT = ["creator", "contact_name", "contact_email", "issued", "accrualperiodicity", "temporal", "spatial"]
TOP = ["dataset_id", "has_records", "data_visible", "features", "attachments", "alternative_exports", "fields", "metas"]


def odd_in(keys: list[str]) -> st.SearchStrategy[Raw]:
    return st.dictionaries(st.sampled_from(keys), JSON)


@settings(max_examples=300, deadline=None)
@given(odd_in(DEFAULT), odd_in(DCAT), odd_in(TOP), odd_in(["name", "label", "type", "description", "id", "url"]))
def test_no_odd_field_ever_loses_a_record(default: Raw, dcat: Raw, top: Raw, inner: Raw) -> None:
    lists = {"fields": [inner, {"name": "a"}], "attachments": [inner], "alternative_exports": inner}
    raw = {**lists, "metas": {"default": default, "dcat": dcat}, **top, "dataset_uid": "da_1b2c3d"}
    dataset = READER.normalize(raw, PORTAL, Notes())
    assert dataset.native_id == READER.native_id(raw) == "da_1b2c3d"
    assert READER.canonical(raw) == READER.canonical(copy.deepcopy(raw))
