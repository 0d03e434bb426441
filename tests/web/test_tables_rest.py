"""Rows of tables over the web: twins, files, what is refused, and what the operator keeps back."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.test import Client

from commonground.errors import Misconfigured
from commonground.pages.portions import Given, respond
from commonground.standards import files
from commonground.tables import giving, manifest, store
from commonground.tables.models import Release
from commonground.tables.views import rest
from tests.tables.filled import STANDARD, publish

COUNTS = {"boston": 40, "chicago": 230}
BASE = f"/tables/{STANDARD}"
CITY = f"{BASE}/releases/1/chicago"


@pytest.fixture
def table(home: None, tmp_path: Path) -> None:  # noqa: ARG001 - asked for, not looked at
    publish(tmp_path, COUNTS)


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def get(client: Client, path: str, **headers: str) -> Any:
    return client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.usefixtures("table")
def test_a_page_of_rows(client: Client) -> None:
    response = client.get(f"{BASE}.json?limit=2")
    told = response.json()
    assert (told["standard"], told["release"], told["count"], len(told["rows"])) == (STANDARD, 1, 270, 2)
    assert told["rows"][0]["permit_id"] == "B-0"
    assert told["rows"][0]["_dataset"] == "x/1"
    assert {one["license"] for one in told["license"]} == {"Public domain"}
    assert told["attribution"] == "Boston, Office; Chicago, Office. Building permits, release 1."
    link = response.headers["Link"]
    assert f'<{told["next"]}>; rel="next"' in link
    assert '<https://example.org/terms>; rel="license"' in link
    assert "datapackage.json" in link
    assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.usefixtures("table")
def test_following_next_shows_each_row_once_though_another_release_comes(client: Client, tmp_path: Path) -> None:
    address, seen = f"{BASE}.json?limit=100&order=time&fields=permit_id,city", []
    while address:
        told = client.get(address.removeprefix("http://127.0.0.1:8000")).json()
        seen += [one["permit_id"] for one in told["rows"]]
        assert told["release"] == 1
        if len(seen) == 100:
            publish(tmp_path, {"boston": 1}, number=2)
        address = told["next"]
    assert len(seen) == len(set(seen)) == 270
    assert client.get(f"{BASE}.json").json()["count"] == 1


@pytest.mark.usefixtures("table")
def test_forms_agree(client: Client) -> None:
    query = "?city=boston&from=2024-02&fields=permit_id,city,issued_on,latitude,longitude"
    rows = client.get(f"{BASE}.json{query}&limit=10000").json()["rows"]
    found = csv.DictReader(io.StringIO(body(client.get(f"{BASE}.csv{query}")).decode()))
    assert [one["permit_id"] for one in found] == [one["permit_id"] for one in rows]
    table = pq.read_table(io.BytesIO(body(client.get(f"{BASE}.parquet{query}"))))
    assert table.column("permit_id").to_pylist() == [one["permit_id"] for one in rows]
    told = client.get(f"{BASE}.geojson{query}&limit=10000").json()
    assert [one["properties"] for one in told["features"]] == rows
    for one in told["features"]:
        row = one["properties"]
        point = {"type": "Point", "coordinates": [row["longitude"], row["latitude"]]} if row["latitude"] else None
        assert one["geometry"] == point
    assert any(one["geometry"] is None for one in told["features"])


@pytest.mark.parametrize("form", ["json", "csv", "geojson", "parquet"])
@pytest.mark.usefixtures("table")
def test_a_mark_changes_with_the_question_and_the_rows(client: Client, form: str) -> None:
    first = client.get(f"{BASE}.{form}?city=boston")
    body(first)
    etag = first.headers["ETag"]
    assert get(client, f"{BASE}.{form}?city=boston", If_None_Match=etag).status_code == 304
    assert client.head(f"{BASE}.{form}?city=boston").headers["ETag"] == etag
    assert client.head(f"{BASE}.{form}?city=chicago").headers["ETag"] != etag
    store.withdraw(files.standard(STANDARD), "boston", "B-7", by="city")
    again = get(client, f"{BASE}.{form}?city=boston", If_None_Match=etag)
    assert again.status_code == 200
    assert b'B-7"' not in body(again)


@pytest.mark.parametrize("form", ["json", "csv", "geojson", "parquet"])
@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("citty=x", "“city”"),
        ("city=bosten", "“boston”"),
        ("limit=x", "limit: "),
        ("release=9", "no release 9"),
        ("a%00=1", "no part"),
    ],
)
@pytest.mark.usefixtures("table")
def test_refusals(client: Client, form: str, query: str, says: str) -> None:
    refused = client.get(f"{BASE}.{form}?{query}")
    assert refused.status_code == (404 if "release" in query else 400)
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert says in refused.json()["detail"]


@pytest.mark.usefixtures("table")
def test_what_is_not_there(client: Client) -> None:
    assert "building_permits" in client.get("/tables/building_permit.json").json()["detail"]
    assert client.get(f"{BASE}/releases/1/bosten.parquet").status_code == 404
    assert client.get(f"{BASE}/releases/4/boston.csv").status_code == 404
    assert client.get(f"{BASE}/releases/4/datapackage.json").status_code == 404
    assert client.post(f"{BASE}.json").status_code == 405
    assert client.get(f"{BASE}.json?zoom=3&bbox=1,2,3,4").status_code == 400


@pytest.mark.parametrize("form", ["parquet", "csv"])
@pytest.mark.usefixtures("table")
def test_portions_of_a_file(client: Client, form: str) -> None:
    whole = client.get(f"{CITY}.{form}")
    content, etag = body(whole), whole.headers["ETag"]
    size = len(content)
    head = client.head(f"{CITY}.{form}")
    assert (head.headers["Content-Length"], head.headers["ETag"], body(head)) == (str(size), etag, b"")
    assert (head.headers["Accept-Ranges"], whole.headers["Content-Length"]) == ("bytes", str(size))
    assert f'filename="{STANDARD}-1-chicago.{form}"' in head.headers["Content-Disposition"]
    for asked, first, last in (
        ("bytes=0-9", 0, 9),
        ("bytes=100-", 100, size - 1),
        ("bytes=-8", size - 8, size - 1),
        (f"bytes=5-{size * 2}", 5, size - 1),
        (f"bytes=-{size * 2}", 0, size - 1),
    ):
        part = get(client, f"{CITY}.{form}", Range=asked)
        assert (part.status_code, body(part)) == (206, content[first : last + 1])
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
    for asked in ("bytes=1-2,4-5", "bytes=9-2", "lines=1-2", "bytes=-", "bytes=x-y"):
        assert get(client, f"{CITY}.{form}", Range=asked).status_code == 200
    beyond = get(client, f"{CITY}.{form}", Range=f"bytes={size}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")


@pytest.mark.usefixtures("table")
def test_conditions_of_a_file(client: Client) -> None:
    whole = client.get(f"{CITY}.parquet")
    body(whole)
    etag, modified = whole.headers["ETag"], whole.headers["Last-Modified"]
    assert get(client, f"{CITY}.parquet", If_None_Match=etag).status_code == 304
    assert get(client, f"{CITY}.parquet", If_Modified_Since=modified).status_code == 304
    assert get(client, f"{CITY}.parquet", If_Match='"other"').status_code == 412
    assert get(client, f"{CITY}.parquet", Range="bytes=0-1", If_Range=etag).status_code == 206
    assert get(client, f"{CITY}.parquet", Range="bytes=0-1", If_Range=modified).status_code == 206
    assert get(client, f"{CITY}.parquet", Range="bytes=0-1", If_Range='"other"').status_code == 200


def test_an_empty_file(tmp_path: Path, rf: Any) -> None:
    path = tmp_path / "x"
    path.touch()
    given = Given(path, "x", "text/csv", '"1"', 0)
    assert respond(rf.get("/"), given).headers["Content-Length"] == "0"
    assert respond(rf.get("/", headers={"Range": "bytes=0-"}), given).status_code == 416


@pytest.mark.usefixtures("table")
def test_withheld_rows_can_be_had(client: Client) -> None:
    found = pq.read_table(io.BytesIO(body(client.get(f"{BASE}/releases/1/withheld/chicago.parquet"))))
    assert found.column("_withheld").to_pylist() == ["no_key"]


@pytest.mark.parametrize("path", [f"{BASE}/datapackage.json", f"{BASE}/releases/1/datapackage.json"])
@pytest.mark.usefixtures("table")
def test_the_data_package_is_true(client: Client, path: str) -> None:
    told = client.get(path).json()
    assert [one["license"] for one in told["cities"]] == ["Public domain"] * 2
    assert told["cities"][1]["remainder"] == {"permit_type": round(57 / 172, 6)}
    assert len(told["resources"]) == 4
    for one in told["resources"]:
        content = body(client.get(f"{path.rpartition('/')[0]}/{one['path']}"))
        names = [field["name"] for field in one["schema"]["fields"]]
        if one["format"] == "parquet":
            assert (one["bytes"], one["hash"]) == (len(content), f"sha256:{hashlib.sha256(content).hexdigest()}")
            assert pq.read_schema(io.BytesIO(content)).names == names
        else:
            assert next(csv.reader(io.StringIO(content.decode()))) == names
            assert (one["on_request"], "bytes" in one, "hash" in one) == (True, False, False), "not written yet"
            again = next(each for each in client.get(path).json()["resources"] if each["name"] == one["name"])
            assert (again["bytes"], again["hash"]) == (len(content), f"sha256:{hashlib.sha256(content).hexdigest()}")
            assert "on_request" not in again


@pytest.mark.usefixtures("table")
def test_the_data_package_has_every_license_of_a_city(client: Client) -> None:
    build = Release.objects.get(number=1).builds.get(city="boston")
    (first,) = build.rights
    terms = "https://example.org/portal-terms"
    build.rights = [
        {**first, "terms": terms, "license_url": ""},
        {**first, "source": "x/2", "license": "CC BY 4.0", "spdx": "CC-BY-4.0", "license_url": "https://cc.org"},
    ]
    build.save()
    told = client.get(f"{BASE}/releases/1/datapackage.json").json()
    boston = next(one for one in told["cities"] if one["city"] == "boston")
    assert (boston["license"], boston["terms"]) == ("Public domain; CC-BY-4.0", terms)
    own = next(one["licenses"] for one in told["resources"] if one["city"] == "boston")
    assert [(one.get("name"), one["path"]) for one in own] == [(None, terms), ("CC-BY-4.0", "https://cc.org")]
    assert [one["terms"] for one in told["terms"] if one["city"] == "boston"] == [terms, None]


@pytest.mark.usefixtures("table")
def test_the_whole_table_is_one_file(client: Client) -> None:
    whole = client.get(f"{BASE}.parquet")
    content = body(whole)
    assert pq.read_table(io.BytesIO(content)).num_rows == 270
    about = pq.read_schema(io.BytesIO(content)).metadata
    assert json.loads(about[b"license"])[0]["attribution"] == "Boston, Office"
    assert get(client, f"{BASE}.parquet", Range="bytes=-4").headers["Content-Range"].endswith(f"/{len(content)}")
    store.withdraw(files.standard(STANDARD), "boston", "B-7", by="city")
    assert not giving.made_folder(STANDARD).exists()
    assert pq.read_table(io.BytesIO(body(client.get(f"{BASE}.parquet")))).num_rows == 269


@pytest.mark.usefixtures("table")
def test_a_download_of_all_rows_as_csv_goes_on_where_it_broke_off(client: Client) -> None:
    content = body(client.get(f"{BASE}.csv"))
    assert len(list(csv.DictReader(io.StringIO(content.decode())))) == 270
    head = client.head(f"{BASE}.csv")
    assert (head.headers["Content-Length"], head.headers["Accept-Ranges"]) == (str(len(content)), "bytes")
    more = get(client, f"{BASE}.csv", Range="bytes=1000-", If_Range=head.headers["ETag"])
    assert (more.status_code, body(more)) == (206, content[1000:])
    assert more.headers["Content-Range"] == f"bytes 1000-{len(content) - 1}/{len(content)}"
    assert not client.get(f"{BASE}.csv?city=boston").has_header("Accept-Ranges")


@pytest.mark.usefixtures("table")
def test_a_large_csv_begins_to_come_at_once_and_can_be_resumed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "MADE_FIRST", 100)
    first = client.get(f"{BASE}.csv")
    content, etag = body(first), first.headers["ETag"]
    assert (first.has_header("Content-Length"), first.headers["Accept-Ranges"]) == (False, "bytes")
    assert giving.made(manifest.table(STANDARD), "csv", COUNTS) is None
    more = get(client, f"{BASE}.csv", Range="bytes=500-", If_Range=etag)
    assert (more.status_code, body(more), more.headers["ETag"]) == (206, content[500:], etag)
    assert client.get(f"{BASE}.csv").headers["Content-Length"] == str(len(content))


@pytest.mark.parametrize("listed", ["boston", f"{STANDARD}/boston"])
@pytest.mark.usefixtures("table")
def test_a_city_that_is_kept_out_of_downloads(client: Client, settings: Any, listed: str) -> None:
    settings.TABLES_NO_DOWNLOAD = [listed]
    for path in (
        f"{BASE}.json?city=boston",
        f"{BASE}.csv?city=boston,chicago",
        f"{BASE}/releases/1/boston.parquet",
        f"{BASE}/releases/1/withheld/boston.parquet",
    ):
        refused = client.get(path)
        assert refused.status_code == 451
        assert "Boston" in refused.json()["detail"]
        assert "Public domain" in refused.json()["detail"]
    rest = client.get(f"{BASE}.json?limit=1000")
    assert {one["city"] for one in rest.json()["rows"]} == {"chicago"}
    assert "Boston" in rest.json()["left_out"]["boston"]
    assert rest.headers["X-Left-Out"] == "boston"
    assert b"B-1" not in body(client.get(f"{BASE}.csv"))
    assert pq.read_table(io.BytesIO(body(client.get(f"{BASE}.parquet")))).num_rows == 230
    told = client.get(f"{BASE}/datapackage.json").json()
    assert {one["city"] for one in told["resources"]} == {"chicago"}
    assert "Boston" in told["cities"][0]["not_given"]
    assert client.get(f"{BASE}.geojson?city=boston&bbox=-88,41,-87,43&zoom=9").status_code == 200


@pytest.mark.usefixtures("table")
def test_the_map_gets_squares_from_afar_and_points_from_near(client: Client) -> None:
    box = "city=chicago&bbox=-88,41,-87,43"
    placed = sum(1 for i in range(COUNTS["chicago"]) if i % 7 != 2)
    far = client.get(f"{BASE}.geojson?{box}&zoom=9").json()
    assert (far["kind"], far["total"]) == ("cells", placed)
    assert sum(one["properties"]["value"] for one in far["features"]) == placed
    assert far["legend"]
    near = client.get(f"{BASE}.geojson?{box}&zoom=15").json()
    assert (near["kind"], near["total"], len(near["features"])) == ("points", placed, placed)
    assert near["features"][0]["properties"]["url"].startswith(f"{BASE}/rows/chicago/")
    assert client.get(f"{BASE}.geojson?zoom=9").status_code == 400
    assert client.get(f"{BASE}.geojson?{box}&zoom=99").status_code == 400


@pytest.mark.parametrize(
    ("listed", "says"),
    [("bosten", "“boston”"), (f"{STANDARD}/bosten", "“boston”"), ("building_permit/boston", f"“{STANDARD}”")],
)
def test_a_slip_of_the_pen_gives_nothing_away(settings: Any, listed: str, says: str) -> None:
    settings.TABLES_NO_DOWNLOAD = ["chicago", f"{STANDARD}/chicago"]
    giving.check_listed()
    settings.TABLES_NO_DOWNLOAD = [listed]
    with pytest.raises(Misconfigured, match=says):
        giving.check_listed()


@pytest.mark.usefixtures("home")
def test_rows_stay_in_their_order_when_one_is_taken_back(client: Client, tmp_path: Path) -> None:
    publish(tmp_path, {"chicago": 300_000})
    store.withdraw(files.standard(STANDARD), "chicago", "C-150000", by="city")
    told = body(client.get(f"{BASE}.csv?fields=_order")).split()[1:]
    assert [int(one) for one in told] == [16 * i for i in range(300_000) if i != 150_000]
