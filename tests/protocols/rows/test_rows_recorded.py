"""Recorded rows as their portals: every vintage can be read, and other people's clients read them too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cfasodapy
import ckanapi
import pyarrow as pa
import pytest
import requests
import sodapy
from werkzeug.wrappers import Request, Response

from commonground.cities import load
from commonground.errors import Misconfigured
from commonground.protocols.base import RowPage
from commonground.protocols.http import Client
from commonground.protocols.recordings import find, newest
from commonground.protocols.replay import Stage, Vintage, staged
from commonground.protocols.rows import recorded
from commonground.protocols.rows.reading import read_rows
from tests.protocols.rough import wsgi
from tests.protocols.rows.given import DIALECTS, FEED, HOST, asking, codes, portal, together

PORTALS = {one.host: one for city in load().values() for one in city.portals}
CHICAGO, BOSTON, DC, LA = "data.cityofchicago.org", "data.boston.gov", "opendata.dc.gov", "data.lacity.org"
CRIME = "ijzp-q8t2"
SOME = [
    (CHICAGO, CRIME, ["chicago/crime.csv", "chicago/crime_2018.csv", "chicago/crime_50k.csv"]),
    (LA, "2nrs-mtv8", ["los_angeles/crime.json"]),
    (LA, "h65r-yf5i", ["los_angeles/311.csv", "los_angeles/311_2018_jan.csv"]),
    (
        DC,
        "dc3289eab3d2400ea49c154863312434_8",
        ["washington_dc/crime_2016.geojson", "washington_dc/crime.csv", "washington_dc/crime_2025.csv"],
    ),
    (DC, "5b0d63150e2c4c47b5b21db73a4fd928_3", ["washington_dc/bike_lanes.geojson"]),
    (BOSTON, "4d6711c1-c204-583a-af70-4815a970dcf0", ["boston/crime.csv"]),
]


@pytest.fixture(scope="module")
def stage(recordings: Path) -> Iterator[Stage]:
    """All recorded portals of the seven cities, with all rows."""
    chosen = newest(find(recordings / "portals"))
    with staged(chosen, rows=recorded.find(recordings)) as stage:
        yield stage


def read(host: str, native_id: str, vintage: Vintage, **options: str) -> list[RowPage]:
    """The rows of a vintage, with a client that can reach nothing else."""
    with Client(routes=vintage.routes, sealed=True) as client:
        return list(read_rows(replace(PORTALS[host], options=options), native_id, client))


def by_id(table: pa.Table) -> pa.Table:
    """In order of object ids, where there are any."""
    if "OBJECTID" not in table.column_names:
        return table
    order = sorted(range(table.num_rows), key=lambda at: int(table["OBJECTID"][at].as_py()))
    return table.take(order)


@pytest.mark.parametrize(("host", "native_id", "names"), SOME, ids=[f"{one[2][0]}…" for one in SOME])
def test_every_vintage_comes_back(stage: Stage, host: str, native_id: str, names: list[str]) -> None:
    found = stage.vintages(host, native_id)
    assert [one.file.name for one in found] == names
    assert [one.number for one in found] == list(range(1, len(names) + 1))
    for one in found:
        pages = read(host, native_id, one)
        assert pages[-1].declared == pages[-1].came == one.file.rows
        kept = one.file.table()
        assert by_id(together(pages)).select(kept.column_names).equals(by_id(kept)), one.file.name
        assert not {"rows-short", "rows-surplus", "rows-repeated"} & set(codes(pages))


@pytest.mark.slow
def test_all_vintages_come_back_both_ways(stage: Stage) -> None:
    total = 0
    for host, datasets in stage.rows.items():
        for native_id in datasets:
            for one in stage.vintages(host, native_id):
                pages = read(host, native_id, one, rows="pages")
                kept = one.file.table()
                assert by_id(together(pages)).select(kept.column_names).equals(by_id(kept)), one.file.name
                assert pages[-1].declared == one.file.rows
                total += kept.num_rows
    assert total > 300_000


def test_the_newest_vintage_is_served_where_none_is_chosen(stage: Stage) -> None:
    assert stage.routes == {**stage.vintages(CHICAGO, CRIME)[-1].routes}
    assert stage.vintages(CHICAGO, "none-such") == ()
    with Client(routes=stage.routes, sealed=True) as client:
        assert sum(page.rows.num_rows for page in read_rows(PORTALS[CHICAGO], CRIME, client)) == 50_000


def test_ragged_rows_are_told_and_kept(stage: Stage) -> None:
    pages = read(CHICAGO, CRIME, stage.vintages(CHICAGO, CRIME)[-1])
    found = [one for page in pages for one in page.findings]
    assert {one.code for one in found} == {"rows-odd"}
    assert {one.native_id for one in found} == {CRIME}
    table = together(pages)
    assert table.num_rows == 50_000
    assert table["_ragged"].null_count == 50_000 - 60


def test_rows_without_a_record_or_a_portal_are_told(stage: Stage, recordings: Path) -> None:
    (only,) = stage.findings
    assert (only.code, only.place, only.native_id) == ("rows-without-record", LA, "h65r-yf5i")
    assert "los_angeles/311.csv" in only.sample
    rows = [one for one in recorded.find(recordings) if one.host in {BOSTON, CHICAGO} and one.native_id != CRIME]
    chosen = {BOSTON: newest(find(recordings / "portals"))[BOSTON]}
    with staged(chosen, rows=rows) as small:
        assert {one.code for one in small.findings} == {"rows-without-portal"}
        assert {one.place for one in small.findings} == {CHICAGO}
        assert small.vintages(CHICAGO, "ydr8-5enu") == ()
        assert len(small.vintages(BOSTON, "6bfed340-1769-5506-8439-54d1b64e4a64")) == 2


def test_a_catalog_is_the_same_with_rows(stage: Stage, recordings: Path) -> None:
    from commonground.protocols.registry import readers

    host = DC
    held = newest(find(recordings / "portals"))[host].holdings()
    reader = readers("arcgis-hub")[0]
    with Client(routes=stage.routes, sealed=True) as client:
        found = [raw for page in reader.pages(PORTALS[host], client) for raw in page.records]
    assert found == list(held.records)


def test_sodapy_reads_all_rows(stage: Stage) -> None:
    vintage = stage.vintages(LA, "h65r-yf5i")[0]
    adapter = {"prefix": "http://", "adapter": requests.adapters.HTTPAdapter()}
    with sodapy.Socrata(vintage.routes[LA].removeprefix("http://"), "token", session_adapter=adapter) as client:
        found = list(client.get_all("h65r-yf5i", limit=3_000))
        some = client.get("h65r-yf5i", where="SRNumber > '1-'", order="SRNumber DESC", limit=2)
    kept = vintage.file.table().to_pylist()
    assert found == [{name: value for name, value in row.items() if value is not None} for row in kept]
    numbers = sorted((row["SRNumber"] for row in kept), reverse=True)
    assert [one["SRNumber"] for one in some] == numbers[:2]


def test_cfasodapy_reads_all_rows(stage: Stage) -> None:
    vintage = stage.vintages(CHICAGO, CRIME)[0]

    class Query(cfasodapy.Query):  # type: ignore[misc] # untyped; it hard-codes https
        url = f"{vintage.routes[CHICAGO]}/resource/{CRIME}.json"

    pages = list(Query(CHICAGO, CRIME, verbose=False).get_pages(page_size=2_000))
    assert [len(page) for page in pages] == [2_000, 2_000, 2_000, 957]
    assert [one["ID"] for page in pages for one in page] == vintage.file.table()["ID"].to_pylist()


def test_ckanapi_reads_the_datastore(stage: Stage) -> None:
    package = "4d6711c1-c204-583a-af70-4815a970dcf0"
    (vintage,) = stage.vintages(BOSTON, package)
    with ckanapi.RemoteCKAN(vintage.routes[BOSTON]) as remote:
        resource = remote.action.package_show(id=package)["resources"][0]["id"]
        result = remote.action.datastore_search(resource_id=resource, limit=3, offset=6_998)
        some = remote.action.datastore_search(
            resource_id=resource,
            filters={"DISTRICT": "Roxbury"},
            fields=["INCIDENT_NUMBER"],
            sort="INCIDENT_NUMBER desc",
        )
        with pytest.raises(ckanapi.ValidationError):
            remote.action.datastore_search(resource_id=resource, fields=["no such"])
    kept = vintage.file.table()
    assert result["total"] == 7_000
    assert [{k: v for k, v in one.items() if k != "_id"} for one in result["records"]] == kept.slice(6_998).to_pylist()
    assert [one["id"] for one in result["fields"]] == ["_id", *kept.column_names]
    roxbury = sorted(row["INCIDENT_NUMBER"] for row in kept.to_pylist() if row["DISTRICT"] == "Roxbury")
    assert some["total"] == len(roxbury)
    assert some["records"][0] == {"INCIDENT_NUMBER": roxbury[-1]}


@pytest.mark.parametrize(("name", "rows"), [("us-mo-columbia", 43), ("us-mi-kent", 15)])
def test_what_real_layers_answered(name: str, rows: int, recordings: Path) -> None:
    """Servers of 10.0 and 10.2: the one is read by ids, the other in order; both declare more than was recorded."""
    folder = recordings / "fixtures/arcgis"
    told = {
        part: (folder / f"pyesridump__{name}__{name}-{part}.json").read_text()
        for part in ("metadata", "count-only", "ids-only", "0")
    }

    def answer(request: Request) -> Response:
        asked = request.args
        if request.path.startswith("/api/v3"):
            body = json.dumps({"data": {"id": ITEM, "attributes": {"url": FEED[0]["distribution"][0]["accessURL"]}}})
        elif not request.path.endswith("/query"):
            body = told["metadata"]
        elif asked.get("returnCountOnly"):
            body = told["count-only"]
        elif asked.get("returnIdsOnly"):
            body = told["ids-only"]
        else:
            body = told["0"] if asked["where"] == "1=1" or "AND" in asked["where"] else '{"features": []}'
        return Response(body, content_type="text/plain")

    with asking(wsgi(answer)) as client:
        pages = list(read_rows(portal("arcgis-hub"), ITEM, client))
    table = together(pages)
    raw: list[Any] = json.loads(told["0"])["features"]
    assert table.num_rows == rows
    assert codes(pages) == ["rows-short"]
    assert [float(one) for one in table["OBJECTID"].to_pylist()] == [one["attributes"]["OBJECTID"] for one in raw]
    assert pages[-1].cursor == f"came={rows}&last={int(raw[-1]['attributes']['OBJECTID'])}"
    shape = json.loads(table["geometry"][0].as_py())
    if name == "us-mo-columbia":
        assert shape == {"type": "Point", "coordinates": [raw[0]["geometry"]["x"], raw[0]["geometry"]["y"]]}
    else:
        assert shape["type"] == "Polygon"
        assert shape["coordinates"] == raw[0]["geometry"]["rings"]


ITEM = DIALECTS["arcgis-hub"][0]


ORDERS = (("z", "2021", "2"), ("x", "2019", "3"), ("y", "2022", ""))


def manifest(folder: Path, *lines: str) -> Path:
    """A folder of recorded rows with that manifest."""
    (folder / "rows" / "a").mkdir(parents=True)
    (folder / "rows" / "MANIFEST.csv").write_text("file,city,subject,portal,dataset,commit\n" + "\n".join(lines))
    for name in ("x.csv", "y.csv", "z.csv"):
        (folder / "rows" / "a" / name).write_text("a\n1\n")
    return folder


def test_vintages_go_by_commit_and_then_by_name(tmp_path: Path) -> None:
    lines = [
        f"rows/a/x.csv,a,s,{HOST},one,2020-01-02 abc",
        f"rows/a/z.csv,a,s,{HOST},one,2019 abc",
        f"rows/a/y.csv,a,s,{HOST},one,2019",
        "rows/a/y.csv,a,s,,,",
    ]
    found = recorded.find(manifest(tmp_path, *lines))
    assert [one.dated for one in found] == ["2020-01-02", "2019", "2019", ""]
    known = recorded.vintages(found)
    assert [one.name for one in known[HOST]["one"]] == ["a/y.csv", "a/z.csv", "a/x.csv"]
    assert found[0].table().to_pylist() == [{"a": "1"}]
    assert recorded.find(tmp_path / "rows") == []


def test_an_order_that_is_written_down_goes_before_the_commit(tmp_path: Path) -> None:
    lines = [f"rows/a/{name}.csv,a,s,{HOST},one,{dated},{order}" for name, dated, order in ORDERS]
    folder = manifest(tmp_path, *lines)
    path = folder / recorded.MANIFEST
    path.write_text(path.read_text().replace("commit\n", "commit,order\n", 1))
    known = recorded.vintages(recorded.find(folder))
    assert [one.name for one in known[HOST]["one"]] == ["a/y.csv", "a/z.csv", "a/x.csv"]
    path.write_text(path.read_text().replace(",2\n", ",newest\n"))
    with pytest.raises(Misconfigured, match="order “newest”"):
        recorded.find(folder)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("rows/a/none.csv,a,s,,,", "rows/a/none.csv"),
        ("../../etc/passwd,a,s,,,", "passwd"),
        ("rows,a,s,,,", "names rows"),
    ],
)
def test_a_manifest_that_names_no_file(line: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=said):
        recorded.find(manifest(tmp_path, line))


def test_a_manifest_without_a_column(tmp_path: Path) -> None:
    folder = manifest(tmp_path)
    (folder / "rows" / "MANIFEST.csv").write_text("file,city\n")
    with pytest.raises(Misconfigured, match="no column “subject”"):
        recorded.find(folder)
