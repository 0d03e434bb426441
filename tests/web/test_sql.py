"""Questions in SQL over the web: the page, its forms, what is refused, and who asks too much."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from commonground.api import turns
from commonground.engine.query import Form
from commonground.standards import files
from commonground.tables.build.result import Built, Share
from commonground.tables.models import Build, Release
from tests.web.reading import read, said

ROWS = 300
STANDARD = "building_permits"
LOOP = "select sum(a.i + b.i) from range(1000000) a(i), range(1000000) b(i), range(1000) c(i)"
TYPES = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE"}
READ: dict[Form, Callable[[bytes], list[dict[str, Any]]]] = {
    Form.JSON: lambda body: json.loads(body)["rows"],
    Form.CSV: lambda body: list(csv.DictReader(io.StringIO(body.decode()))),
    Form.ARROW: lambda body: pa.ipc.open_stream(body).read_all().to_pylist(),
    Form.PARQUET: lambda body: pq.read_table(io.BytesIO(body)).to_pylist(),
}


@pytest.fixture
def table(home: None, tmp_path: Path) -> Iterator[None]:  # noqa: ARG001 - asked for, not looked at
    """Building permits of two cities, published."""
    release = Release.objects.create(standard=STANDARD, number=1, version=_version(), at=timezone.now())
    for city in ("boston", "chicago"):
        release.builds.add(_build(tmp_path, city))
    yield
    connections.close_all()


def _version() -> str:
    return files.standard(STANDARD).version


def _build(home: Path, city: str) -> Build:
    folder = home / "tables" / city
    folder.mkdir(parents=True)
    empty = {one.name: f"NULL::{TYPES.get(one.type, 'TIMESTAMPTZ')}" for one in files.standard(STANDARD).fields}
    known = {"city": f"'{city}'", "permit_id": f"'{city[0].upper()}-' || i", "permit_type_raw": "'=HYPERLINK(1)'"}
    fields = ", ".join(f"{value} AS {name}" for name, value in {**empty, **known}.items())
    with duckdb.connect() as session:
        session.execute(
            f"COPY (SELECT {fields}, 'x' AS _dataset, 1 AS _part, i AS _row FROM range({ROWS}) t(i))"
            f" TO '{folder / 'rows.parquet'}' (FORMAT parquet)"
        )
    result = Built(STANDARD, city, raw=ROWS, read=ROWS, mapped=ROWS)
    if city == "boston":
        result.remainder["permit_type"] = Share(300, 36)
    facts: dict[str, Any] = {"crosswalk": "x", "revision": 1, "made": timezone.now(), "result": result.form()}
    return Build.objects.create(
        standard=STANDARD, version=_version(), city=city, folder=str(folder.relative_to(home)), **facts
    )


@pytest.mark.usefixtures("table")
def test_the_page_says_what_can_be_asked(client: Client) -> None:
    page = read(client, "/sql")
    told = said(page)
    assert "building_permits Building permits" in told
    assert "permit_type_raw" in told
    assert "noindex" not in page
    examples = [one.split('"')[0].replace("&amp;", "&") for one in page.split('href="/sql?q=')[1:]]
    assert len(examples) == 4
    for one in examples:
        assert "Answered in" in said(read(client, f"/sql?q={one}"))


@pytest.mark.usefixtures("home")
def test_nothing_is_published(client: Client) -> None:
    assert "No table is published yet." in said(read(client, "/sql"))
    refused = client.get("/sql", {"q": "select * from building_permits"})
    assert refused.status_code == 400
    assert "Nothing is published yet." in said(refused.content.decode())


@pytest.mark.usefixtures("table")
def test_a_question_on_the_page(client: Client) -> None:
    page = client.get("/sql", {"q": f"select city, count(*) as n, null as x from {STANDARD} group by city order by 1"})
    told = said(page.content.decode())
    assert "boston 300 null" in told
    assert "chicago 300 null" in told
    assert "2 rows" in told
    assert 'content="noindex"' in page.content.decode()
    assert "/sql.parquet?q=select+city" in page.content.decode()


@pytest.mark.usefixtures("table")
def test_what_is_missing_stands_beside_an_answer(client: Client) -> None:
    page = client.get("/sql", {"q": f"select permit_type from {STANDARD} limit 1"}).content.decode()
    assert f"{STANDARD} , release 1 . Values that could not be mapped: Boston permit_type 12.0%." in said(page)
    assert f"/tables/{STANDARD}?release=1#terms" in page
    page = client.get("/sql", {"q": f"select permit_id from {STANDARD} limit 1"}).content.decode()
    assert "Every value of the fields named could be mapped." in said(page)
    assert "release 1" not in said(client.get("/sql", {"q": "select 1"}).content.decode())


@pytest.mark.usefixtures("table")
def test_a_long_answer_is_cut_and_says_so(client: Client) -> None:
    told = said(client.get("/sql", {"q": f"from {STANDARD}"}).content.decode())
    assert "These are the first 200; there are more." in told
    assert (
        client.get("/sql", {"q": f"select * from {STANDARD} where false"}).content.decode().count("No row answers") == 1
    )


@pytest.mark.usefixtures("table")
def test_hostile_words_stay_words(client: Client) -> None:
    page = client.get("/sql", {"q": "select '<script>alert(1)</script>' as \"<b>x\", 1 --</textarea><script>"}).content
    assert b"<script>alert(1)" not in page
    assert b"</textarea><script>" not in page
    assert b"<b>x" not in page


@pytest.mark.usefixtures("table")
def test_a_refusal_keeps_the_question_and_shows_its_place(client: Client) -> None:
    refused = client.get("/sql", {"q": f"select colour from {STANDARD}"})
    page = refused.content.decode()
    assert refused.status_code == 400
    assert "No column “colour” (line 1, character 8)." in said(page)
    assert "       ^</code>" in page
    assert f"select colour from {STANDARD}</textarea>" in page


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.usefixtures("table")
def test_the_forms(client: Client, form: Form) -> None:
    asked = {"q": f"select city, permit_id, permit_type_raw from {STANDARD} order by city, _row limit 2"}
    response = client.get(f"/sql.{form}", asked)
    body = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert (response.status_code, response.headers["Content-Length"]) == (200, str(len(body)))
    assert (response.headers["X-Rows"], response.headers["X-Truncated"]) == ("2", "false")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    rows = READ[form](body)
    assert [one["permit_id"] for one in rows] == ["B-0", "B-1"]
    assert rows[0]["permit_type_raw"] == ("'=HYPERLINK(1)" if form is Form.CSV else "=HYPERLINK(1)")
    again = client.get(f"/sql.{form}", asked, headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.usefixtures("table")
def test_the_mark_of_an_answer_changes_with_the_table_and_not_for_the_time(client: Client) -> None:
    asked = {"q": f"select count(*) from {STANDARD}"}
    first = client.get("/sql.json", asked)
    assert client.get("/sql.json", asked).headers["ETag"] == first.headers["ETag"]
    assert client.get("/sql.json", {**asked, "limit": "5"}).headers["ETag"] != first.headers["ETag"]
    release = Release.objects.create(standard=STANDARD, number=2, version=_version(), at=timezone.now())
    release.builds.add(Build.objects.filter(city="boston").get())
    second = client.get("/sql.json", asked, headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 200
    assert b'"count_star()":300' in b"".join(second.streaming_content)  # type: ignore[attr-defined]
    assert "ETag" not in client.get("/sql.json", {"q": "select now(), random()"}).headers


@pytest.mark.usefixtures("table")
def test_limits_of_rows(client: Client) -> None:
    cut = client.get("/sql.csv", {"q": f"from {STANDARD}", "limit": "3"})
    assert (cut.headers["X-Rows"], cut.headers["X-Truncated"]) == ("3", "true")
    for limit in ("0", "-1", "x", "1e3", "1000001", "9" * 30, "٣"):
        refused = client.get("/sql.csv", {"q": "select 1", "limit": limit})
        assert (refused.status_code, refused.headers["Content-Type"]) == (400, "application/problem+json")
        assert "from 1 to 1,000,000" in refused.json()["detail"]


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("", "No question is asked"),
        ("copy (select 1) to '/tmp/x'", "writes files"),
        ("attach '/tmp/x'", "attaches"),
        ("install httpfs", "extension"),
        ("from read_csv('/etc/passwd')", "read_csv"),
        ("from '/etc/passwd'", "No table"),
        ("select 1; select 2", "2 statements"),
        ("select * from permits", "No table “permits”"),
        ("select list(i) from range(1000000000) t(i)", "memory"),
        ("select \0", "NUL"),
    ],
)
@pytest.mark.usefixtures("table")
def test_refusals_in_data(client: Client, form: Form, sql: str, reason: str) -> None:
    refused = client.get(f"/sql.{form}", {"q": sql})
    assert (refused.status_code, refused.headers["Content-Type"]) == (400, "application/problem+json")
    assert reason in refused.json()["detail"]
    assert client.get("/sql.json", {"q": "select 1"}).status_code == 200


@pytest.mark.usefixtures("table")
def test_only_get_asks_and_only_post_calls_off(client: Client) -> None:
    assert client.post("/sql", {"q": "select 1"}).status_code == 405
    assert client.post("/sql.json", {"q": "select 1"}).status_code == 405
    assert client.get("/sql/cancel").status_code == 405


@pytest.mark.usefixtures("table")
@pytest.mark.django_db(transaction=True)
def test_calling_off_what_runs(client: Client) -> None:
    with ThreadPoolExecutor(1) as other:
        running = other.submit(Client().get, "/sql.json", {"q": LOOP})
        _until(lambda: turns.call_off("", LOOP) == 1)
        refused = running.result(5)
    assert refused.status_code == 400
    assert "called off" in refused.json()["detail"]
    back = client.post("/sql/cancel", {"q": f"  {LOOP}\r\n"})
    assert (back.status_code, back.headers["Location"].partition("=")[0]) == (303, "/sql?draft")
    assert LOOP in said(read(client, back.headers["Location"]))


@pytest.mark.usefixtures("table")
@pytest.mark.django_db(transaction=True)
def test_one_visitor_cannot_take_all_turns() -> None:
    def ask(sql: str) -> Any:
        try:
            return Client(REMOTE_ADDR="203.0.113.7").get("/sql.json", {"q": sql})
        finally:
            connections.close_all()

    with ThreadPoolExecutor(turns.AT_ONCE) as others:
        running = [others.submit(ask, LOOP) for _ in range(turns.AT_ONCE)]
        _until(lambda: turns._running["203.0.113.7"] == turns.AT_ONCE)
        crowded = ask("select 1")
        assert (crowded.status_code, crowded.headers["Retry-After"]) == (429, "5")
        assert Client(REMOTE_ADDR="203.0.113.8").get("/sql.json", {"q": "select 1"}).status_code == 200
        _until(lambda: turns.call_off("203.0.113.7", LOOP) == turns.AT_ONCE)
        assert {one.result(5).status_code for one in running} == {400}
    assert ask("select 1").status_code == 200
    assert not turns._running


def _until(true: Any) -> None:
    """Wait for what another thread brings about."""
    for _ in range(250):
        if true():
            return
        time.sleep(0.02)
    pytest.fail("It did not happen within five seconds.")


def _body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("table")
def test_twenty_visitors_at_once() -> None:
    def ask(number: int) -> bool:
        try:
            response = Client().get("/sql.json", {"q": f"select count(*) + {number} as n from {STANDARD}"})
            assert response.status_code == 200, response.content
            return b'"n":%d' % (2 * ROWS + number) in _body(response)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as visitors:
        assert all(visitors.map(ask, range(40)))


@pytest.mark.usefixtures("table")
def test_an_answer_says_what_it_is_made_of(client: Client) -> None:
    answer = client.get("/sql.json", {"q": "select count(*) as n from building_permits"})
    (table,) = json.loads(_body(answer))["tables"]
    assert (table["table"], table["release"], table["version"]) == (STANDARD, 1, _version())
    assert table["page"].endswith(f"/tables/{STANDARD}?release=1")
    assert table["remainder"].keys() == {"boston", "chicago"}
    assert f'/tables/{STANDARD}/datapackage.json>; rel="describedby"' in answer.headers["Link"]
