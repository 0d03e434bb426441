"""Other ways to the same rows: fewer at a time, a file for a table, a name for an id."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from commonground.errors import Misconfigured, Refused, TooLarge
from commonground.protocols.base import Holdings
from commonground.protocols.registry import READERS, ROWS, row_reader, server
from commonground.protocols.rows.reading import read_rows
from commonground.protocols.rows.recorded import RowFile
from commonground.protocols.socrata import rows as socrata_rows
from tests.protocols.rough import wsgi
from tests.protocols.rows.given import (
    DIALECTS,
    HOST,
    ITEM,
    PACKAGE,
    RESOURCE,
    as_csv,
    asking,
    between,
    codes,
    file,
    holdings,
    portal,
    read,
    together,
)

PAGED = ("socrata", "ckan", "arcgis-hub")


@pytest.fixture
def source(tmp_path: Path) -> RowFile:
    """200 rows of 500 bytes and more."""
    rows = [(str(at), str(at) * 170) for at in range(100, 300)]
    return file(tmp_path / "some.csv", as_csv(("OBJECTID", "word"), rows))


def test_every_protocol_has_a_reader_of_rows() -> None:
    assert ROWS.keys() == READERS.keys()
    assert {row_reader(name).name for name in ROWS} == ROWS.keys()
    with pytest.raises(Misconfigured, match="gopher"):
        row_reader("gopher")


@pytest.mark.parametrize("protocol", PAGED)
def test_fewer_rows_are_asked_for_where_an_answer_is_too_large(protocol: str, source: RowFile) -> None:
    wsgi = server(protocol)(holdings(protocol, source))
    with asking(wsgi, max_answer=30_000) as client:
        pages = list(read_rows(portal(protocol, rows="pages"), DIALECTS[protocol][0], client))
    assert together(pages).equals(source.table())
    assert len(pages) > 4
    assert codes(pages) == []


@pytest.mark.parametrize("protocol", PAGED)
def test_one_row_that_is_too_large_is_refused(protocol: str, tmp_path: Path) -> None:
    source = file(tmp_path / "some.csv", as_csv(("OBJECTID", "word"), [("1", "x" * 50_000)]))
    wsgi = server(protocol)(holdings(protocol, source))
    with asking(wsgi, max_answer=30_000) as client, pytest.raises(TooLarge):
        list(read_rows(portal(protocol, rows="pages"), DIALECTS[protocol][0], client))


def package(*resources: dict[str, Any]) -> list[dict[str, Any]]:
    """A package of these resources."""
    told = [{"id": f"r{at}", "state": "active", **one} for at, one in enumerate(resources)]
    return [{"id": PACKAGE, "name": "some-rows", "resources": told}]


TABLE = {"id": RESOURCE, "datastore_active": True, "format": "CSV"}
ASIDE: dict[str, Any] = {
    "datastore_active": False,
    "format": "CSV",
    "url": f"https://{HOST}/dataset/x/resource/r1/download/2019.csv",
}


def test_a_file_beside_a_table_is_told(source: RowFile) -> None:
    held = Holdings(
        HOST, package(TABLE, ASIDE, {"format": "PDF", "url": f"https://{HOST}/a.pdf"}), rows={PACKAGE: source}
    )
    with asking(server("ckan")(held)) as client:
        pages = list(read_rows(portal("ckan"), PACKAGE, client))
        assert row_reader("ckan").count(portal("ckan"), PACKAGE, client) == 200
    assert together(pages).equals(source.table())
    assert codes(pages) == ["rows-unread"]
    assert pages[0].findings[0].sample == ASIDE["url"]


@pytest.mark.parametrize("native_id", [PACKAGE, "some-rows", f"{PACKAGE}/r0", "some-rows/r0"])
def test_files_of_a_package_without_tables(native_id: str, source: RowFile) -> None:
    held = Holdings(HOST, package({**ASIDE, "url": ASIDE["url"].replace("r1", "r0")}), rows={PACKAGE: source})
    with asking(server("ckan")(held)) as client:
        (page,) = read_rows(portal("ckan"), native_id, client)
        assert row_reader("ckan").count(portal("ckan"), native_id, client) is None
    assert page.rows.equals(source.table())
    assert (page.declared, page.cursor, page.findings) == (None, "", ())


def test_a_table_that_the_datastore_lost_has_its_file(source: RowFile) -> None:
    url = f"https://{HOST}/dataset/x/resource/{RESOURCE}/download/some.csv"
    wsgi = server("ckan")(Holdings(HOST, package({**TABLE, "url": url}), rows={PACKAGE: source}))

    def lost(request: Request, response: Response) -> Response:
        told = {"success": False, "error": {"__type": "Not Found Error", "message": "Not found"}}
        return Response(json.dumps(told), 404) if "datastore_search" in request.path else response

    with asking(between(wsgi, lost)) as client:
        (page,) = read_rows(portal("ckan"), PACKAGE, client)
    assert page.rows.equals(source.table())
    assert codes([page]) == ["datastore-missing"]


def test_tables_of_one_package_come_one_after_the_other(tmp_path: Path) -> None:
    one = file(tmp_path / "one.csv", as_csv(("a", "b"), [("1", "2"), ("3", "4")]))
    other = file(tmp_path / "other.csv", as_csv(("a", "c"), [("5", "6")]))
    held = package({**TABLE, "id": "first"}, {**TABLE, "id": "second"})
    wsgi = server("ckan")(Holdings(HOST, held, rows={"first": one, "second": other}))
    with asking(wsgi) as client:
        pages = list(read_rows(portal("ckan"), PACKAGE, client))
        rest = list(read_rows(portal("ckan"), PACKAGE, client, pages[0].cursor))
        (chosen,) = read_rows(portal("ckan"), f"{PACKAGE}/second", client)
        (alone,) = read_rows(portal("ckan"), "second", client)
        with pytest.raises(Refused, match="no resource third"):
            list(read_rows(portal("ckan"), f"{PACKAGE}/third", client))
    assert [(page.names, page.declared, page.came) for page in pages] == [(("a", "b"), 3, 2), (("a", "c"), 3, 3)]
    assert [page.rows.to_pylist() for page in rest if page.rows.num_rows] == [[{"a": "5", "c": "6"}]]
    assert chosen.rows.equals(other.table())
    assert alone.rows.equals(other.table())


def test_a_hub_that_moved_its_downloads(source: RowFile) -> None:
    wsgi = server("arcgis-hub")(holdings("arcgis-hub", source))
    item, _, number = ITEM.partition("_")
    newer = f"/api/download/v1/items/{item}/csv"

    def moved(request: Request, response: Response) -> Response:
        if request.path == newer and request.args.get("layers") == number:
            return Response(source.path.read_bytes(), content_type="text/csv")
        if request.path.startswith("/datasets/"):
            return Response('{"status": "Pending"}', 202, content_type="application/json")
        return Response("", 404) if "FeatureServer" in request.path else response

    with asking(between(wsgi, moved)) as client:
        (page,) = read_rows(portal("arcgis-hub"), ITEM, client)
    assert page.rows.equals(source.table())
    assert page.findings[0].place == f"https://{HOST}{newer}?layers={number}"


def test_opendatasoft_by_name_where_it_knows_no_uid(source: RowFile) -> None:
    wsgi = server("opendatasoft")(holdings("opendatasoft", source))

    def by_name(request: Request, response: Response) -> Response:
        return Response("{}", 404) if "/da_" in request.path else response

    with asking(between(wsgi, by_name)) as client:
        (page,) = read_rows(portal("opendatasoft"), "da_1b2c3d", client)
        assert page.rows.equals(source.table())
        with pytest.raises(Refused, match="no dataset da_9"):
            list(read_rows(portal("opendatasoft"), "da_9", client))


def test_a_file_where_the_rest_of_socrata_says_no(source: RowFile) -> None:
    inner = server("socrata")(holdings("socrata", source))

    def no_soda(request: Request, response: Response) -> Response:
        return Response('{"error": true}', 403) if "/resource/" in request.path else response

    with asking(between(inner, no_soda)) as client:
        (page,) = read_rows(portal("socrata"), DIALECTS["socrata"][0], client)
    assert page.rows.equals(source.table())
    assert (page.declared, page.cursor, page.findings) == (None, "", ())


def test_pages_of_socrata_name_columns_as_the_file_does(tmp_path: Path) -> None:
    source = file(tmp_path / "some.csv", as_csv(("primary_type", "x", "y"), [("THEFT", "1", "2")]))
    told = [
        {"fieldName": "primary_type", "name": "Primary Type "},
        {"fieldName": "x", "name": ""},
        "odd",
        {"name": "z"},
    ]

    def view(request: Request, response: Response) -> Response:
        return (
            Response(json.dumps({"columns": told}))
            if request.path.endswith(".json") and "views" in request.path
            else response
        )

    wsgi = between(server("socrata")(holdings("socrata", source)), view)
    with asking(wsgi) as client:
        (page,) = read_rows(portal("socrata", rows="pages"), DIALECTS["socrata"][0], client)
        assert page.names == ("Primary Type", "x", "y")
        assert page.rows.to_pylist() == [{"Primary Type": "THEFT", "x": "1", "y": "2"}]
        told[1] = {"fieldName": "x", "name": "y"}
        (page,) = read_rows(portal("socrata", rows="pages"), DIALECTS["socrata"][0], client)
        assert page.names == ("primary_type", "x", "y")


def test_a_file_of_too_many_rows_is_not_asked_for(source: RowFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socrata_rows, "MOST_IN_FILE", 199)
    (page,) = read("socrata", source)
    assert page.rows.equals(source.table())
    assert [(one.code, one.detail) for one in page.findings] == [
        ("rows-by-pages", "200 rows are too many for one file.")
    ]


@pytest.mark.parametrize(
    "query",
    [
        "$group=word",
        "$where=word like 'a%25'",
        "$where=word = 'a' or word = 'b'",
        "$select=sum(word)",
        "$select=none",
        "$order=none",
        "$limit=many",
        "none=1",
    ],
)
def test_what_our_soda_does_not_offer_is_refused(query: str, source: RowFile) -> None:
    with asking(server("socrata")(holdings("socrata", source))) as client, pytest.raises(Refused, match="400"):
        client.get(f"https://{HOST}/resource/{DIALECTS['socrata'][0]}.json?{query}")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("$where=OBJECTID >= '298'&$select=OBJECTID", ["298", "299"]),
        ("$where=`OBJECTID` > '297' and OBJECTID != '298'&$select=OBJECTID", ["299"]),
        ("OBJECTID=150&$select=OBJECTID", ["150"]),
        ("$order=OBJECTID desc&$limit=2&$offset=1&$select=OBJECTID", ["298", "297"]),
    ],
)
def test_what_our_soda_offers(query: str, words: list[str], source: RowFile) -> None:
    with asking(server("socrata")(holdings("socrata", source))) as client:
        found = client.json(f"https://{HOST}/resource/{DIALECTS['socrata'][0]}.json?{query}")
        lines = client.get(f"https://{HOST}/resource/{DIALECTS['socrata'][0]}.csv?{query}").body.decode().split()
    assert [one["OBJECTID"] for one in found] == words
    assert lines == ["OBJECTID", *words]


def test_data_json_takes_the_plainest_file_that_can_be_had(source: RowFile) -> None:
    asked: list[str] = []
    record = {
        "identifier": "some/rows 1",
        "distribution": [
            {"format": "XLSX", "downloadURL": f"https://{HOST}/rows.xlsx"},
            {"mediaType": "text/csv", "downloadURL": f"https://{HOST}/export?id=1"},
            {"downloadURL": f"https://{HOST}/rows.geojson"},
            {"downloadURL": 7},
            "odd",
        ],
    }

    def answer(request: Request) -> Response:
        asked.append(request.path)
        if request.path == "/data.json":
            return Response(json.dumps({"dataset": [{"identifier": "other"}, record]}))
        return Response(source.path.read_bytes()) if request.path == "/rows.xlsx" else Response("", 404)

    with asking(wsgi(answer)) as client:
        (page,) = read_rows(portal("dcat-us"), "some/rows 1", client)
        with pytest.raises(Refused, match="names no file of rows for other"):
            list(read_rows(portal("dcat-us"), "other", client))
    assert page.rows.equals(source.table())
    assert asked[:4] == ["/data.json", "/export", "/rows.geojson", "/rows.xlsx"]
